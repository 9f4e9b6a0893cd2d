/// What this program is called and which release it is.
public enum Release {
    public static let name = "nearcached"
    /// Three numbers, by semver.org.
    public static let version = "0.1.0"
}
