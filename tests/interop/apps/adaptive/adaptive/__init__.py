"""The app of the interoperation test with Flower's adaptive strategies."""
