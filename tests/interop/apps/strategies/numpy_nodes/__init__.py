"""The nodes of the interoperation tests with our strategies."""
