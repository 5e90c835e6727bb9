"""The app of the interoperation tests, on Flower's older API."""
