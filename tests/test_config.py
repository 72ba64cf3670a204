"""Settings of `poser.toml` and the environment."""

from __future__ import annotations

import pytest

from poser.config import load_settings
from poser.experts.errors import InputError, UnknownName


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """A user's folder and a project's, both empty."""
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("POSER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def write(folder, text):
    (folder / "poser.toml").write_text(text, encoding="utf-8")


def test_without_files_nothing_is_set():
    settings = load_settings()
    assert settings.run.policy is None
    assert settings.entries == settings.sources == settings.files == ()
    assert settings.plugins is None


def test_the_project_goes_before_the_user_and_the_environment_before_both(folders, monkeypatch):
    write(folders / "home", '[run]\npolicy = "greedy"\nbudget = 1\nthrift = 0.2\nexperts = ["studio"]\n')
    write(folders / "project", "[run]\nbudget = 2.5\nthrift = 0.3\n")
    monkeypatch.setenv("POSER_THRIFT", "0.4")
    monkeypatch.setenv("POSER_EXPERTS", "a, b")
    run = load_settings().run
    assert (run.policy, run.budget, run.thrift, run.experts) == ("greedy", 2.5, 0.4, ("a", "b"))


def test_a_switch_is_true_or_false_in_files_and_environment(folders, monkeypatch):
    assert load_settings().run.reflect is None
    write(folders / "project", "[run]\nreflect = true\n")
    assert load_settings().run.reflect is True
    monkeypatch.setenv("POSER_REFLECT", "False")
    assert load_settings().run.reflect is False
    monkeypatch.setenv("POSER_REFLECT", "maybe")
    with pytest.raises(InputError, match="POSER_REFLECT is 'maybe'; give true or false"):
        load_settings()


def test_objects_of_both_files_stand_side_by_side_with_their_origin(folders):
    write(folders / "home", '[[experts]]\nname = "a"\nuse = "x:Y"\nmodel = "m"\n')
    write(folders / "project", '[[critics]]\nname = "b"\nuse = "x:Z"\n[plugins]\nload = ["c"]\nfiles = ["mine.py"]\n')
    settings = load_settings()
    first, second = settings.entries
    assert (first.kind, first.name, first.use, dict(first.options)) == ("expert", "a", "x:Y", {"model": "m"})
    assert first.origin == str(folders / "home" / "poser.toml")
    assert (second.kind, second.options) == ("critic", {})
    assert settings.plugins == ("c",)
    assert [path.name for path in settings.files] == ["mine.py"]


def test_the_environment_narrows_plugins(folders, monkeypatch):
    write(folders / "home", '[plugins]\nload = ["c"]\n')
    monkeypatch.setenv("POSER_PLUGINS", "")
    assert load_settings().plugins == ()
    monkeypatch.setenv("POSER_PLUGINS", "d,e")
    assert load_settings().plugins == ("d", "e")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[run]\npolcy = "x"\n', "Did you mean 'policy'"),
        ("[rnu]\n", "Did you mean 'run'"),
        ("[run]\nbudget = true\n", "give a number"),
        ("[run]\nbudget = -1\n", "at least 0"),
        ("[run]\nmax_steps = 1.5\n", "give a whole number"),
        ("[run]\npolicy = 3\n", "give text"),
        ("[run]\nreflect = 1\n", "give true or false"),
        ('[run]\nexperts = "studio"\n', "give a list of names"),
        ("run = 3\n", r"write \[run\] above"),
        ("[plugins]\nload = 3\n", "give a list of names"),
        ('[[experts]]\nname = "a"\n', "give both as text"),
        ('[experts]\nname = "a"\n', r"write \[\[experts\]\] above each"),
        ("run = \n", "cannot be read"),
        ('[[experts]]\nname = "a"\nuse = "x"\napi_key = "sk-123"\n', "name that with api_key_env"),
        ('[[experts]]\nname = "a"\nuse = "x"\napi_key_env = "sk-123"\n', "never the secret itself"),
        ('[[experts]]\nname = "a"\nuse = "x"\ntoken_env = "hf_sk123abc"\n', "name of one in capitals"),
        ('[[critics]]\nname = "a"\n', 'for instance name = "vlm" and use = "vlm"'),
        ('[[extractors]]\nname = "a"\n', 'for instance name = "llm" and use = "llm"'),
        ('[[experts]]\nname = ""\nuse = "x"\n', "give both as text"),
        ('[[experts]]\nname = "a"\nuse = "x"\n[experts.extra]\nAuthorization = "Bearer sk-123"\n', "holds a secret"),
        ('[[experts]]\nname = "a"\nuse = "x"\nparts = [{ api_key = "sk-123" }]\n', "holds a secret"),
        ('[[experts]]\nname = "a"\nuse = "x"\n[experts.headers]\nauth_token = "123"\n', "holds a secret"),
    ],
)
def test_a_broken_file_is_one_clear_error(folders, text, words):
    write(folders / "project", text)
    with pytest.raises(InputError, match=words) as caught:
        load_settings()
    assert "poser.toml" in str(caught.value)
    assert "sk-123" not in str(caught.value)
    assert "hf_sk123abc" not in str(caught.value)


def test_a_count_of_tokens_is_no_secret_whatever_stands_there(folders):
    write(folders / "project", '[[critics]]\nname = "a"\nuse = "vlm"\nmax_tokens = "x"\n')
    assert load_settings().entries[0].options == {"max_tokens": "x"}


def test_a_variable_that_is_set_may_be_called_anything(folders, monkeypatch):
    write(folders / "project", '[[experts]]\nname = "a"\nuse = "x"\ntoken_env = "my-token"\nconda_env = "art"\n')
    monkeypatch.setenv("my-token", "s3cret")
    assert load_settings().entries[0].options == {"token_env": "my-token", "conda_env": "art"}


def test_the_environment_is_checked_as_well(folders, monkeypatch):
    monkeypatch.setenv("POSER_BUDGET", "much")
    with pytest.raises(InputError, match="POSER_BUDGET is 'much'"):
        load_settings()


def test_a_named_file_must_be_there(folders, monkeypatch):
    monkeypatch.setenv("POSER_CONFIG", str(folders / "other.toml"))
    with pytest.raises(InputError, match="no such file"):
        load_settings()
    (folders / "other.toml").write_text('[run]\ncritic = "mine"\n')
    assert load_settings().run.critic == "mine"


def test_unknown_keys_are_unknown_names(folders):
    write(folders / "project", "[run]\nseeds = 3\n")
    with pytest.raises(UnknownName):
        load_settings()


def test_extractor_critic_and_judge_are_named_apart(folders, monkeypatch):
    write(folders / "project", '[run]\nextractor = "a"\ncritic = "b"\njudge = "c"\n')
    run = load_settings().run
    assert (run.extractor, run.critic, run.judge) == ("a", "b", "c")
    monkeypatch.setenv("POSER_JUDGE", "d")
    assert load_settings().run.judge == "d"
