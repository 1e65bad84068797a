"""Marks of the tests beside this file."""


def pytest_configure(config):
    config.addinivalue_line("markers", "skopeo: needs Debian's skopeo")
