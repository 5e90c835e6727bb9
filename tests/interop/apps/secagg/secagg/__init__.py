"""The app of the tests of secure aggregation."""
