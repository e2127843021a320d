"""The channels start only with what they need, and say what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors import settings
from connectors.errors import SettingsError
from connectors.limits import Limits, Rate, networks
from connectors.settings import ROOT, Settings

SECRET = "a-secret-of-at-least-thirty-two-characters"
VARIABLES = (
    "LINGXI_DEMO",
    "LINGXI_CONNECTORS_DATABASE_URL",
    "LINGXI_WEBCHAT_ORIGINS",
    "LINGXI_BACKOFFICE_PORT",
    "LINGXI_LIMITS_TIMES",
    "LINGXI_LIMIT_ADDRESS_PICTURES",
    "LINGXI_LIMIT_ALL_SOCKETS",
    "LINGXI_TRUSTED_PROXIES",
    "LINGXI_RETENTION_DAYS",
    "LINGXI_MEDIA_MEGABYTES",
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says the secret only, and no `.env`."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LINGXI_CUSTOMER_JWT_SECRET", SECRET)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    return monkeypatch


def test_defaults(tmp_path: Path) -> None:
    assert Settings.from_env() == Settings(
        demo=False,
        customer_jwt_secret=SECRET,
        database_url=f"sqlite:///{tmp_path}/var/connectors.db",
        media_folder=tmp_path / "var" / "media",
        webchat_origins=(),
        limits=Limits(),
        trusted_proxies=networks("127.0.0.0/8,::1"),
        retention_days=180,
        media_megabytes=4096,
    )


def test_the_defaults_are_those_of_the_example(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = Settings.from_env()
    example = (Path(__file__).resolve().parents[2] / ".env.example").read_text("utf-8")
    told = re.findall(r"^# (LINGXI_(?:LIMIT|TRUSTED|RETENTION|MEDIA)\w*)=(.*)$", example, re.MULTILINE)
    assert len(told) == 13
    for name, value in told:
        bare.setenv(name, value)
    assert Settings.from_env() == expected


def test_limits_are_numbers_of_the_environment(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("LINGXI_LIMIT_ADDRESS_PICTURES", "2/30")
    bare.setenv("LINGXI_LIMIT_ALL_SOCKETS", "50")
    bare.setenv("LINGXI_LIMITS_TIMES", "10")
    bare.setenv("LINGXI_TRUSTED_PROXIES", "10.1.2.3/8, fd00::/8")
    found = Settings.from_env()
    assert found.limits.address_pictures == Rate(20, 300)
    assert (found.limits.all_sockets, found.limits.all_pictures) == (500, Rate(600, 3000))
    assert [str(each) for each in found.trusted_proxies] == ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINGXI_LIMIT_ADDRESS_PICTURES", "20"),
        ("LINGXI_LIMIT_ADDRESS_PICTURES", "0/10"),
        ("LINGXI_LIMIT_ADDRESS_PICTURES", "-1/10"),
        ("LINGXI_LIMIT_ALL_SOCKETS", "0"),
        ("LINGXI_LIMITS_TIMES", "1.5"),
        ("LINGXI_TRUSTED_PROXIES", "proxy.example"),
        ("LINGXI_RETENTION_DAYS", "forever"),
        ("LINGXI_MEDIA_MEGABYTES", "²"),
    ],
)
def test_a_number_of_no_use_is_refused(bare: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        Settings.from_env()


def test_the_env_file_fills_in_and_the_environment_wins(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"LINGXI_DEMO=1\nLINGXI_CUSTOMER_JWT_SECRET={'x' * 40}\n")
    bare.setenv("LINGXI_DEMO", "0")
    found = Settings.from_env()
    assert (found.demo, found.customer_jwt_secret) == (False, SECRET)


@pytest.mark.parametrize("secret", ["", "  ", "changeme", "change-me", "secret", "…", "x" * 31])
def test_a_missing_or_placeholder_secret_is_named(bare: pytest.MonkeyPatch, secret: str) -> None:
    bare.setenv("LINGXI_CUSTOMER_JWT_SECRET", secret)
    with pytest.raises(SettingsError, match="LINGXI_CUSTOMER_JWT_SECRET"):
        Settings.from_env()


def test_the_demo_lets_the_back_office_embed_the_chat(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("LINGXI_DEMO", "1")
    bare.setenv("LINGXI_BACKOFFICE_PORT", "8123")
    assert Settings.from_env().webchat_origins == ("http://127.0.0.1:8123", "http://localhost:8123")


def test_origins(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("LINGXI_WEBCHAT_ORIGINS", "https://Shop.example/, http://[::1]:8080")
    assert Settings.from_env().webchat_origins == ("https://shop.example", "http://[::1]:8080")


@pytest.mark.parametrize(
    "origins", ["shop.example", "https://shop.example/path", "*", "https://a; script-src *"]
)
def test_what_is_no_origin_is_refused(bare: pytest.MonkeyPatch, origins: str) -> None:
    bare.setenv("LINGXI_WEBCHAT_ORIGINS", origins)
    with pytest.raises(SettingsError, match="LINGXI_WEBCHAT_ORIGINS"):
        Settings.from_env()


@pytest.mark.parametrize(
    "url", ["mysql://root@localhost/x", "var/connectors.db", "sqlite://", "sqlite:///:memory:"]
)
def test_a_database_of_no_use_is_refused(bare: pytest.MonkeyPatch, url: str) -> None:
    bare.setenv("LINGXI_CONNECTORS_DATABASE_URL", url)
    with pytest.raises(SettingsError, match="LINGXI_CONNECTORS_DATABASE_URL"):
        Settings.from_env()


def test_a_password_stays_in_the_address(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("LINGXI_CONNECTORS_DATABASE_URL", "postgresql://u:p%40ss@db:5432/lingxi")
    found = Settings.from_env()
    assert found.database_url == "postgresql://u:p%40ss@db:5432/lingxi"
    assert found.media_folder == tmp_path / "var" / "media"


def test_the_project_root_is_where_credentials_are() -> None:
    assert (ROOT / "credentials.yml").is_file()
