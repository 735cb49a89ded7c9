"""The tarball that users download, packed around the binary at hand."""

import hashlib
import os
import shutil
import subprocess
import tarfile

import pytest

BINARY = os.environ["SAV_BINARY"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 300
EPOCH = 1_700_000_000


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    """Without what only a debugger needs: it would be compressed twice for nothing."""
    path = tmp_path_factory.mktemp("binary") / "shuffle-aws-vaults"
    if shutil.which("strip") is None:
        return BINARY
    subprocess.run(["strip", "-o", path, BINARY], check=True, timeout=SECONDS)
    return path


def packed(binary, out):
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(EPOCH)}
    out.mkdir()
    line = ["cargo", "xtask", "dist", "--binary", str(binary), "--out", str(out)]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    (tarball,) = out.glob("*.tar.gz")
    assert sorted(path.name for path in out.iterdir()) == [tarball.name, tarball.name + ".sha256"]
    return tarball


def test_the_tarball_is_whole_and_the_same_each_time(binary, tmp_path):
    first, second = packed(binary, tmp_path / "one"), packed(binary, tmp_path / "two")
    assert first.read_bytes() == second.read_bytes()
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    assert (tmp_path / "one" / (first.name + ".sha256")).read_text() == f"{digest}  {first.name}\n"

    with tarfile.open(first) as archive:
        members = archive.getmembers()
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.uid, member.gid, member.mtime) for member in members} == {(0, 0, EPOCH)}
    (folder,) = (tmp_path / "unpacked").iterdir()
    assert folder.name == first.name.removesuffix(".tar.gz")

    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    expected = {
        "shuffle-aws-vaults",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "THIRD-PARTY-LICENCES.txt",
        "SHA256SUMS",
        "docs/user-guide.md",
        "completions/shuffle-aws-vaults.bash",
        "completions/shuffle-aws-vaults.fish",
        "completions/_shuffle-aws-vaults",
        "completions/_shuffle-aws-vaults.ps1",
        "completions/shuffle-aws-vaults.elv",
        "man/man1/shuffle-aws-vaults.1",
        "man/man1/shuffle-aws-vaults-copy.1",
        "man/man1/shuffle-aws-vaults-state-reset.1",
    }
    assert expected <= files, expected - files
    summed = {line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert summed == files - {"SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True, timeout=SECONDS)

    line = [folder / "shuffle-aws-vaults", "--version"]
    told = subprocess.run(line, capture_output=True, text=True, check=True, timeout=SECONDS).stdout
    assert told.startswith("shuffle-aws-vaults ")
    assert "Permission is hereby granted" in (folder / "THIRD-PARTY-LICENCES.txt").read_text()
