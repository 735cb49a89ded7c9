"""Completions in the shells that Debian has, and manual pages before Debian's two judges."""

import os
import re
import shutil
import subprocess

import pytest

BINARY = os.environ["SAV_BINARY"]
NAME = "shuffle-aws-vaults"
SECONDS = 60


def told(*line, **options):
    options.setdefault("env", {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "dumb"})
    done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, **options)
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    assert done.stderr == "", f"{line}: {done.stderr}"
    return done.stdout


def needs(program):
    missing = shutil.which(program) is None
    return pytest.mark.skipif(missing, reason=f"no {program} here (Debian: apt-get install {program})")


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completions")
    for shell in ("bash", "zsh", "fish", "elvish", "powershell"):
        (folder / shell).write_text(told(BINARY, "completions", shell))
    return folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("man") / "man1"
    told(BINARY, "man", "--dir", str(folder))
    return sorted(folder.iterdir())


def bash(scripts, *words):
    """What bash offers behind these words, the last of them being completed."""
    line = " ".join(f"'{word}'" for word in words)
    program = f"""
        source {scripts / 'bash'}
        COMP_WORDS=({line})
        COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        COMPREPLY=()
        {complete_function(scripts)} "${{COMP_WORDS[0]}}" "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return told("bash", "--norc", "--noprofile", "-c", program).split()


def complete_function(scripts):
    """The function that bash itself would call."""
    line = told("bash", "--norc", "--noprofile", "-c", f"source {scripts / 'bash'}; complete -p {NAME}")
    words = line.split()
    return words[words.index("-F") + 1]


def fish(scripts, line):
    program = f"source {scripts / 'fish'}; complete --do-complete '{line}'"
    return [offer.split("\t")[0] for offer in told("fish", "--no-config", "-c", program).splitlines()]


def test_bash_offers_commands_options_and_values(scripts):
    assert bash(scripts, NAME, "repl") == ["replicate"]
    assert bash(scripts, NAME, "copy", "--max-") == [
        "--max-in-flight",
        "--max-runtime-minutes",
        "--max-age-days",
        "--max-size-gb",
    ]
    assert bash(scripts, NAME, "copy", "--lock-mode", "gov") == ["governance"]
    assert "Storage-Gateway" in bash(scripts, NAME, "list", "--resource-type", "")
    assert bash(scripts, NAME, "state", "ex") == ["export"]


@needs("fish")
def test_fish_offers_commands_options_and_values(scripts):
    assert fish(scripts, f"{NAME} repl") == ["replicate"]
    assert "--max-runtime-minutes" in fish(scripts, f"{NAME} copy --max-")
    assert fish(scripts, f"{NAME} copy --lock-mode gov") == ["governance"]
    assert "COMPLETED" in fish(scripts, f"{NAME} list --status ")
    assert fish(scripts, f"{NAME} state ex") == ["export"]


@needs("zsh")
def test_zsh_loads_them_and_calls_them_for_the_command(scripts, tmp_path):
    shutil.copy(scripts / "zsh", tmp_path / f"_{NAME}")
    program = f"""
        fpath=({tmp_path} $fpath)
        autoload -Uz compinit && compinit -D -u
        print -r -- $_comps[{NAME}]
        autoload +X _{NAME} && print loaded
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "dumb"}
    assert told("zsh", "-f", "-c", program, env=environment).split() == [f"_{NAME}", "loaded"]


@needs("elvish")
def test_elvish_takes_the_script(scripts):
    # `edit:` is there only at a prompt; this stands for it, and is asked what it was given.
    program = f"""
        var edit: = (ns [&completion:=(ns [&arg-completer=[&]]) &complex-candidate~={{|word &display=''| put $word }}])
        eval (slurp < {scripts / 'elvish'}) &ns=(ns [&edit:=$edit:])
        put $edit:completion:arg-completer[{NAME}] | each {{|complete| $complete {NAME} ''}}
    """
    assert "replicate" in told("elvish", "-norc", "-c", program)


@needs("mandoc")
def test_mandoc_has_no_fault_to_find(pages):
    assert len(pages) > 20
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True, timeout=SECONDS)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@needs("groff")
def test_groff_renders_them_without_a_warning(pages):
    for page in pages:
        text = told("groff", "-ww", "-man", "-T", "utf8", "-P-c", str(page))
        text = re.sub(".\x08", "", text)
        assert "EXAMPLE" in text or "SUBCOMMANDS" in text, page


def test_man_copy_says_what_help_says(pages):
    page = next(page for page in pages if page.name == f"{NAME}-copy.1").read_text()
    for line in told(BINARY, "copy", "--help").splitlines():
        if line.strip().startswith("# "):
            assert line.strip() in page.replace("\\-", "-"), line
