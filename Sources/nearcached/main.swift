print("nearcached")
