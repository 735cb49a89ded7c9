"""Signatures, keys and sessions: what each protocol says when something is wrong with them."""

import datetime

import botocore.auth
import pytest
from botocore import UNSIGNED

from sandbox import AUDIT_EXTERNAL_ID, AUDIT_ROLE, DESTINATION, OPERATOR, SOURCE, refused

pytestmark = pytest.mark.usefixtures("no_faults_afterwards")

# A call of each protocol that anybody with good keys may make, and how the protocol says that
# the signature is wrong, the key unknown, the session over.
PROTOCOLS = {
    "rest-json": {
        "call": lambda make: make("backup").list_backup_vaults(),
        "wrong signature": ("InvalidSignatureException", 403),
        "unknown key": ("UnrecognizedClientException", 403),
        "expired": ("ExpiredTokenException", 403),
        "unsigned": ("MissingAuthenticationTokenException", 403),
    },
    "query": {
        "call": lambda make: make("sts").get_caller_identity(),
        "wrong signature": ("SignatureDoesNotMatch", 403),
        "unknown key": ("InvalidClientTokenId", 403),
        "expired": ("ExpiredToken", 403),
        "unsigned": ("MissingAuthenticationToken", 403),
    },
    "json": {
        "call": lambda make: make("kms").describe_key(KeyId="alias/backup-vaults"),
        "wrong signature": ("InvalidSignatureException", 400),
        "unknown key": ("UnrecognizedClientException", 400),
        "expired": ("ExpiredTokenException", 400),
        "unsigned": ("MissingAuthenticationTokenException", 400),
    },
}


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    return PROTOCOLS[request.param]


@pytest.fixture(scope="module")
def profile(sandbox):
    """The keys that the sandbox wrote."""
    keys = sandbox.session().get_credentials().get_frozen_credentials()
    return {
        "aws_access_key_id": keys.access_key,
        "aws_secret_access_key": keys.secret_key,
        "aws_session_token": keys.token,
    }


@pytest.fixture
def session(sandbox):
    """Keys of a new session of the operator's role."""
    role = f"arn:aws:iam::{SOURCE}:role/{OPERATOR}"
    assumed = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="credentials")
    return assumed["Credentials"]


def test_the_profiles_are_who_they_should_be(sandbox):
    for profile, account in [("source", SOURCE), ("dest", DESTINATION)]:
        identity = sandbox.client("sts", profile).get_caller_identity()
        assert identity["Account"] == account
        assert OPERATOR in identity["Arn"] or ":user/operator" in identity["Arn"]
    told = sandbox.aws("sts", "get-caller-identity", profile="dest").json
    assert told == {key: value for key, value in identity.items() if key != "ResponseMetadata"}


def test_a_wrong_secret(sandbox, profile, protocol):
    wrong = {**profile, "aws_secret_access_key": profile["aws_secret_access_key"][:-1] + "!"}
    with refused(*protocol["wrong signature"], says="does not match the signature you provided"):
        protocol["call"](lambda service: sandbox.client(service, **wrong))


def test_an_unknown_key(sandbox, profile, protocol):
    wrong = {**profile, "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}
    with refused(*protocol["unknown key"], says="security token included in the request is invalid"):
        protocol["call"](lambda service: sandbox.client(service, **wrong))


@pytest.mark.parametrize("token", [None, "another"])
def test_a_wrong_or_missing_session_token(sandbox, session, protocol, token):
    with refused(*protocol["unknown key"]):
        protocol["call"](
            lambda service: sandbox.client(
                service,
                aws_access_key_id=session["AccessKeyId"],
                aws_secret_access_key=session["SecretAccessKey"],
                aws_session_token=token,
            )
        )


def test_no_signature_at_all(sandbox, protocol):
    with refused(*protocol["unsigned"]):
        protocol["call"](lambda service: sandbox.client(service, config={"signature_version": UNSIGNED}))


def test_a_signature_for_another_region(sandbox):
    with refused("InvalidSignatureException", 403, says="valid region"):
        sandbox.client("backup", region="eu-west-1").list_backup_vaults()


@pytest.mark.parametrize(
    ("off_by", "says"),
    [(-20, "Signature expired"), (20, "Signature not yet current")],
)
def test_a_clock_that_is_wrong(sandbox, protocol, monkeypatch, off_by, says):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=off_by)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: now.replace(tzinfo=None))
    with refused(*protocol["wrong signature"], says=says):
        protocol["call"](sandbox.client)


def test_a_clock_that_is_a_little_wrong_does_no_harm(sandbox, monkeypatch):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: now.replace(tzinfo=None))
    assert sandbox.client("backup").list_backup_vaults()["BackupVaultList"]


def test_a_body_that_was_changed_on_its_way(sandbox):
    backup = sandbox.client("backup")

    def forge(request, **_):
        request.body = request.body.replace(b"MinRetentionDays", b"MaxRetentionDays")

    backup.meta.events.register("before-send.backup.PutBackupVaultLockConfiguration", forge)
    with refused("InvalidSignatureException", 403):
        backup.put_backup_vault_lock_configuration(BackupVaultName="not-used-yet", MinRetentionDays=9)
    assert backup.describe_backup_vault(BackupVaultName="not-used-yet")["Locked"] is False


def test_a_session_that_runs_out(sandbox, protocol):
    role = sandbox.client("sts").assume_role(
        RoleArn=AUDIT_ROLE, RoleSessionName="short", ExternalId=AUDIT_EXTERNAL_ID
    )
    sandbox.faults({"what": {"kind": "expire-credentials", "after_calls": 2}, "aim": {"principals": ["BackupAudit"]}})
    sts = sandbox.client_with("sts", role["Credentials"])
    for _ in range(2):
        assert sts.get_caller_identity()["Account"] == SOURCE
    with refused(*protocol["expired"], says="expired"):
        protocol["call"](lambda service: sandbox.client_with(service, role["Credentials"]))
    # A new session is as good as the old one was.
    again = sandbox.client("sts").assume_role(
        RoleArn=AUDIT_ROLE, RoleSessionName="renewed", ExternalId=AUDIT_EXTERNAL_ID
    )
    assert sandbox.client_with("sts", again["Credentials"]).get_caller_identity()["Account"] == SOURCE


def test_the_cli_is_told_the_same(sandbox, profile, tmp_path):
    wrong = {
        "AWS_ACCESS_KEY_ID": profile["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": "x" * 40,
        "AWS_SESSION_TOKEN": profile["aws_session_token"] or "",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    told = sandbox.aws("backup", "list-backup-vaults", profile=None, environment=wrong)
    told.assert_refused("InvalidSignatureException", "ListBackupVaults")
    sandbox.faults({"what": {"kind": "expire-credentials", "after_calls": 0}, "aim": {"accounts": [SOURCE]}})
    sandbox.aws("sts", "get-caller-identity").assert_refused("ExpiredToken", "GetCallerIdentity")
    sandbox.aws("backup", "list-copy-jobs").assert_refused("ExpiredTokenException", "ListCopyJobs")
