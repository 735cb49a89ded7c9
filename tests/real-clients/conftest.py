"""Fixtures: sandboxes and what to reach them with."""

import os

import pytest

from sandbox import Sandbox

# Whoever runs this may have AWS credentials, endpoints or a proxy of their own. None of these is meant here.
for name in list(os.environ):
    if name.startswith("AWS_") or name.lower() in {"http_proxy", "https_proxy", "all_proxy"}:
        del os.environ[name]


@pytest.fixture(scope="session")
def still(tmp_path_factory):
    """A sandbox for everybody: nobody changes anything in it."""
    sandbox = Sandbox(tmp_path_factory.mktemp("still"), points=6000)
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A sandbox of the module's own."""
    sandbox = Sandbox(tmp_path_factory.mktemp("own"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def fresh(tmp_path):
    """A sandbox of the test's own."""
    sandbox = Sandbox(tmp_path)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def no_faults_afterwards(sandbox):
    yield
    sandbox.faults()


def pytest_sessionfinish():
    for sandbox in list(Sandbox.alive):
        sandbox.stop()
