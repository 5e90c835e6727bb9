"""The app of the interoperation test with simulated nodes."""
