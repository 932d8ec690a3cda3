"""The shipped fakes of every port; one contract suite runs each beside its real adapter."""
