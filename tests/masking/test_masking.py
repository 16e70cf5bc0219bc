"""Secrets are found in all forms in which they get into texts, and nothing else is taken for one."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.masking import masked, names_a_secret, shown, without_tokens

HASH = "3f2a9c1b5d6e7f8091a2b3c4d5e6f708192a3b4c"
KEY_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    monkeypatch.setattr("os.environ", {})


@pytest.mark.parametrize("password", ["secret", "p@ss", "with:colon", "sl/ash"])
def test_passwords_in_addresses(password: str) -> None:
    text = masked(f"bench run penguins --db postgresql://ada:{password}@host/bench --note hello")
    assert text == "bench run penguins --db postgresql://ada:***@host/bench --note hello"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("--token abc --seeds 3", "--token *** --seeds 3"),
        ("--api-key=abc --seeds 3", "--api-key=*** --seeds 3"),
        ("--key 'a b' --seeds 3", "--key '***' --seeds 3"),
        ("--note 'sent with --password sesame' -x", "--note 'sent with --password ***' -x"),
        ("HF_TOKEN=abc python x.py", "HF_TOKEN=*** python x.py"),
        ("AWS_SECRET_ACCESS_KEY=abc/d+e x", "AWS_SECRET_ACCESS_KEY=*** x"),
        ("KEY=abc x", "KEY=*** x"),
        ("PGPASSWORD=sesame psql", "PGPASSWORD=*** psql"),
        ("password: sesame", "password: ***"),
        ("my password is: sesame", "my password is: ***"),
        (
            "KeyError in {'api_key': 'abc', \"clientSecret\": \"x\"}",
            "KeyError in {'api_key': '***', \"clientSecret\": \"***\"}",
        ),
        ("login(token='abc', user='ada')", "login(token='***', user='ada')"),
        ("os.environ['HF_TOKEN'] = 'abc'", "os.environ['HF_TOKEN'] = '***'"),
        ("access_token: ab12cd34ef", "access_token: ***"),
        ("https://x.org/a?b=1&token=abc&key=def#x", "https://x.org/a?b=1&token=***&key=***#x"),
        ("https://x.org/a?X-Amz-Signature=ab%2F", "https://x.org/a?X-Amz-Signature=***"),
        ("https://abcdefgh12345678@github.com/x", "https://***@github.com/x"),
        ("Authorization: Basic YWRhOnNlc2FtZQ==", "Authorization: Basic ***"),
        ("401 for Bearer abc123def", "401 for Bearer ***"),
        (f"loaded {KEY_BLOCK} from a file", "loaded *** from a file"),
        (repr(KEY_BLOCK), "'***'"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow", "***"),
    ],
)
def test_what_is_named_as_a_secret(text: str, left: str) -> None:
    assert masked(text) == left
    assert masked(left) == left


@pytest.mark.parametrize(
    "token",
    [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
        "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
        "sk-abcdefghijklmnop1234qrstuvwxABCD",
        "sk-proj-abc_DEF-123456789",
        "glpat-abcdefghijklmnop1234",
        "xoxb-1234567890-abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g",
    ],
)
@pytest.mark.parametrize("around", ["{}", "cannot log in with {}: refused", "x='{}'", '["{}"]', "--note={},", "({})"])
def test_tokens_of_known_forms(token: str, around: str) -> None:
    assert masked(around.format(token)) == around.format("***")
    assert without_tokens(around.format(token)) == around.format("***")


@pytest.mark.parametrize(
    "text",
    [
        f"bench forget key={HASH} suite=penguins --yes",
        f"run {HASH} and run_key={HASH[:8]} have key: {HASH}",
        "suites hf_transformers, sk-learn-digits-baseline-2, ghost_busters, xoxo, pypi-server and key-value-net",
        "mine.yaml:3:5: unknown key: methods; did you mean 'method'?",
        "size mismatch for cls_token: copying a parameter; token: eos",
        "max_token=512 tokenizer=bpe tokens: 30 secretary=1 monkey=banana keyboard: qwertz123",
        "http://127.0.0.1:8001/results and http://host:80/a@b",
        "the password is wrong; a token, a secret and a key are missing",
        "password=None token=null secret: ***",
        "/data/home/ada /data/root/x rooted /rooted ~/home/x",
        "torch.Size([3, 4]): key = 'fc1.weight' not in ['fc2.weight']",
        "basic understanding, bearer bonds",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@given(
    st.text(alphabet="0123456789abcdef", min_size=8, max_size=64),
    st.sampled_from(["run {}", "key={}", "--only key={}"]),
)
def test_hashes_stay(digits: str, around: str) -> None:
    assert masked(around.format(digits)) == around.format(digits)


_PHRASES = st.sampled_from(
    [
        *("--token abc12345", "--api-key='abc12345'", "password=abc12345", "HF_TOKEN=abc12345,", "secret: abc12345"),
        *(
            "{'api_key': 'abc12345'}",
            "https://ada:abc12345@host/x",
            "(https://x.org/?token=abc12345&a=1)",
            "ghp_abc12345;",
        ),
        *(
            "Bearer abc12345",
            "/home/abc12345/x",
            "see",
            "key=3f2a9c1b",
            "suite.yaml:3:1:",
            "--seeds 3",
            "'quoted'",
            "a, b",
        ),
    ]
)


@given(st.lists(_PHRASES, max_size=8).map(" ".join))
def test_among_other_words_nothing_is_left_and_no_more_is_taken(text: str) -> None:
    once = masked(text)
    assert "abc12345" not in once
    assert masked(once) == once
    for word in ("see", "key=3f2a9c1b", "suite.yaml:3:1:", "--seeds 3", "'quoted'", "a, b"):
        assert once.count(word) == text.count(word)


@given(st.text(alphabet="abcdefgh0123456789!$%^*()_+=/.,<> '\"\\", min_size=6, max_size=30))
def test_a_value_of_the_environment_is_found_wherever_it_stands(value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.environ", {"SERVICE_PASSWORD": value})
        if len(value.strip()) >= 6 and value.strip("a") and not value.startswith(("/", ".")):
            for around in ("[{}]", "cannot log in: {} is refused", "{}"):
                assert value.strip() not in masked(around.format(value)) or value.strip() in around


def test_values_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "os.environ",
        {
            "WANDB_API_KEY": HASH,
            "MY_PASS": "swordfish",
            "TOKENIZERS_PARALLELISM": "accuracy",
            "A_KEY": "true",
            "B_KEY": "abc",
        },
    )
    assert masked(f"{HASH} swordfish accuracy true abc") == "*** *** accuracy true abc"
    assert masked(f"run {HASH}0 swordfishes") == f"run {HASH}0 swordfishes"  # parts of other words
    assert masked(shlex.join(["x", "it's swordfish"])) == shlex.join(["x", "it's ***"])


def test_a_path_is_no_secret_although_a_variable_of_that_name_holds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.json"
    file.touch()
    monkeypatch.setattr("os.environ", {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})
    assert masked(f"read {file}") == f"read {file}"


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "PGPASSWORD", "apiKey", "AWS_SECRET_ACCESS_KEY", "MYSQL_PWD", "DB-PASS", "KEY"]
)
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "TOKENIZERS_PARALLELISM", "KEYBOARD", "PASSAGE", "HOME", "MONKEY"])
def test_names_of_other_things(name: str) -> None:
    assert not names_a_secret(name)


def test_home_folders() -> None:
    text = "/home/ada/x /home/adam/y '/Users/eve' file:///home/bob/z sqlite:////root/r C:\\Users\\ann\\d C:/Users/ann"
    left = "~/x /home/***/y '/Users/***' file:///home/***/z sqlite:///~/r C:\\Users\\***\\d C:/Users/***"
    assert masked(text) == left
    assert shown("/home/ada/x /home/bob/y") == "~/x /home/bob/y"  # on the screen a path has to be followed
    assert masked("see /home/ada.") == "see ~."


def test_code_stays_code() -> None:
    text = "def score(net, token=None):\n    key = net.key\n    password: str = read('/home/bob/x')\n"
    assert without_tokens(text) == text
