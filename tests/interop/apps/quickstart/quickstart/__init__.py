"""The app of the interoperation tests."""
