"""The benchmark harness: starts the servers, drives the generator, compares the figures with the bars."""
