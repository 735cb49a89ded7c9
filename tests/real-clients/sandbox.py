"""One running `shuffle-aws-vaults sandbox`, and real clients that point at it."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

SEED = 7
START_SECONDS = 60
REGION = "us-east-1"
SOURCE = "111111111111"
DESTINATION = "222222222222"
COPY_ROLE = f"arn:aws:iam::{SOURCE}:role/service-role/AWSBackupDefaultServiceRole"
OPERATOR = "BackupMigrationOperator"
AUDIT_ROLE = f"arn:aws:iam::{SOURCE}:role/partners/BackupAudit"
AUDIT_EXTERNAL_ID = "audit-2f6c91"

# Reading botocore's service models takes longer than most tests, so all sessions share what was read.
MODELS = botocore.loaders.create_loader()

# Errors shall be seen, not retried away.
NO_RETRIES = {"retries": {"total_max_attempts": 1, "mode": "standard"}, "connect_timeout": 5, "read_timeout": 30}


class Sandbox:
    # For those whose test broke off before it stopped them.
    alive = set()

    def __init__(self, folder: Path, points=2000, time_factor=1.0, **settings):
        self.folder = folder / "sandbox"
        command = [os.environ["SAV_BINARY"], "sandbox", "--points", str(points), "--seed", str(SEED)]
        command += ["--folder", str(self.folder), "--time-factor", str(time_factor)]
        # `faults` and `fleet`, as the files that the command reads.
        for name, values in settings.items():
            file = folder / f"{name}.json"
            file.write_text(json.dumps(values))
            command += [f"--{name}", str(file)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.alive.add(self)
        self.said = []
        self._lines = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.endpoint = self._await_endpoint()
        self._await_files("credentials", "config", "metadata.csv")
        self._sessions = {}

    def _listen(self):
        # Goes on for as long as the sandbox lives: a full pipe would stop it.
        for line in self.process.stdout:
            self.said.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def _await_endpoint(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self._give_up(f"printed no endpoint in {START_SECONDS} s")
            if line is None:
                self._give_up(f"ended with status {self.process.wait()} before it printed its endpoint")
            found = re.search(r"http://(127\.0\.0\.1|\[::1\]|localhost):\d+", line)
            if found:
                return found.group(0)

    def _await_files(self, *names):
        deadline = time.monotonic() + START_SECONDS
        while not all((self.folder / name).exists() for name in names):
            if time.monotonic() > deadline:
                self._give_up(f"did not write {', '.join(names)} into {self.folder}")
            time.sleep(0.01)

    def _give_up(self, why):
        self.process.kill()
        pytest.fail(f"the sandbox {why}; it said:\n{''.join(self.said)}", pytrace=False)

    def stop(self):
        """Ctrl-C, as a person would. Returns the exit status."""
        self.alive.discard(self)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    # boto3

    def session(self, profile="source"):
        """A boto3 session with the profile that the sandbox wrote."""
        if profile not in self._sessions:
            core = botocore.session.Session(profile=profile)
            core.set_config_variable("credentials_file", str(self.folder / "credentials"))
            core.set_config_variable("config_file", str(self.folder / "config"))
            core.register_component("data_loader", MODELS)
            self._sessions[profile] = boto3.Session(botocore_session=core)
        return self._sessions[profile]

    def client(self, service, profile="source", region=None, config=None, **keys):
        """A boto3 client without retries; `keys` replace the profile's credentials."""
        return self.session(profile).client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            config=Config(**NO_RETRIES).merge(Config(**(config or {}))),
            **keys,
        )

    def unchecked(self, service, profile="source"):
        """A client that sends what it is given: what is wrong with it, the service has to say."""
        return self.client(service, profile, config={"parameter_validation": False})

    def client_with(self, service, credentials, **more):
        """A client with the credentials that AssumeRole answered."""
        return self.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            **more,
        )

    # The AWS CLI

    def aws(self, *arguments, profile="source", config=None, environment=None):
        """Runs the AWS CLI with nothing of ours in its environment but what the sandbox's own shell lines set."""
        clean = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "AWS_CONFIG_FILE": str(config or self.folder / "config"),
            "AWS_ENDPOINT_URL": self.endpoint,
            **({"AWS_PROFILE": profile} if profile else {}),
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **(environment or {}),
        }
        command = [str(Path(sys.executable).parent / "aws"), *map(str, arguments)]
        if "--output" not in command:
            command += ["--output", "json"]
        done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=60)
        return Told(done.returncode, done.stdout, done.stderr)

    # The sandbox's own endpoint

    def ask(self, path):
        return self._control("GET", path)

    def faults(self, *faults, **plan):
        """Puts a fault plan in the place of the one before."""
        return self._control("PUT", "faults", {"faults": list(faults), **plan})

    def advance(self, **span):
        """Moves the world's clock ahead: `advance(hours=2)`."""
        units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
        return self._control("POST", "advance", {"seconds": sum(units[unit] * count for unit, count in span.items())})

    def calls(self, operation, result="ok"):
        """How often an operation ended like that, by the sandbox's own account."""
        lines = self.ask("account")["calls"]["lines"]
        return sum(line["calls"] for line in lines if (line["operation"], line["result"]) == (operation, result))

    def _control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_sandbox/{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error


@dataclass
class Told:
    """What a run of the AWS CLI left."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self):
        assert self.status == 0, self.stderr
        return json.loads(self.stdout) if self.stdout else None

    def assert_refused(self, code, operation):
        assert self.status not in (0, None), self.stdout
        assert f"An error occurred ({code}) when calling the {operation} operation" in self.stderr


class Refused:
    """What the service said when it refused."""

    response: dict

    @property
    def error(self):
        return self.response["Error"]

    @property
    def message(self):
        return self.error["Message"]


@contextmanager
def refused(code, status=400, says=""):
    """The body has to end in this error, with this HTTP status, and the message has to hold `says`."""
    seen = Refused()
    with pytest.raises(ClientError) as caught:
        yield seen
    seen.response = caught.value.response
    about = seen.response["ResponseMetadata"]
    assert (seen.error["Code"], about["HTTPStatusCode"]) == (code, status), seen.message
    assert says in seen.message
    assert len(about["RequestId"]) == 36
