"""The key that seals secrets: made once, kept for its owner, and known again by the database."""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.servers import SECRETS_KEY, dev_server, opened, production_server, run

from waflows import settings
from waflows.errors import Conflict, OperatorError
from waflows.security.vault import Vault
from waflows.services.accounts import accounts, sealing
from waflows.services.endpoint import endpoint_keys
from waflows.settings import Settings
from waflows.storage.database import Database

_KEY = base64.b64encode(bytes(range(32))).decode()
_OTHER = base64.b64encode(bytes(32)).decode()


def test_the_first_start_makes_a_key_that_only_its_owner_can_read(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    sealed = sealing.open_vault(db, Settings(data=str(folder))).seal("test", b"hush")

    file = folder / "secrets.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(file.read_text("ascii"))) == 32
    assert list(folder.iterdir()) == [file]
    again = sealing.open_vault(db, Settings(data=str(folder)))
    assert again.unseal("test", sealed) == b"hush"


@pytest.mark.usefixtures("db")
def test_processes_that_start_together_agree_on_one_key(database_url: str, tmp_path: Path) -> None:
    chosen = Settings(data=str(tmp_path / "data"))

    def start(_: int) -> Vault:
        with opened(database_url) as own:
            return sealing.open_vault(own, chosen)

    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(start, range(8)))

    sealed = vaults[0].seal("test", b"hush")
    assert {vault.unseal("test", sealed) for vault in vaults} == {b"hush"}


def test_a_key_that_is_set_is_used_and_no_file_is_made(db: Database, tmp_path: Path) -> None:
    vault = sealing.open_vault(db, Settings(data=str(tmp_path / "data"), secrets_key=_KEY))

    sealed = vault.seal("test", b"hush")
    elsewhere = sealing.open_vault(db, Settings(data=str(tmp_path / "other"), secrets_key=_KEY))
    assert elsewhere.unseal("test", sealed) == b"hush"
    assert not (tmp_path / "data").exists()


def test_another_key_than_the_database_knows_is_refused(db: Database, tmp_path: Path) -> None:
    sealing.open_vault(db, Settings(data=str(tmp_path), secrets_key=_KEY))

    with pytest.raises(OperatorError, match="is not the secrets key this database") as refusal:
        sealing.open_vault(db, Settings(secrets_key=_OTHER))
    assert _OTHER not in refusal.value.message


def test_a_missing_key_file_is_an_error_and_not_replaced_when_the_database_was_used_with_a_key(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    sealed = sealing.open_vault(db, Settings(data=str(folder))).seal("test", b"hush")
    (folder / "secrets.key").rename(tmp_path / "kept")

    with pytest.raises(OperatorError, match=r"secrets\.key is missing, but this database"):
        sealing.open_vault(db, Settings(data=str(folder)))
    assert not (folder / "secrets.key").exists()

    (tmp_path / "kept").rename(folder / "secrets.key")
    assert sealing.open_vault(db, Settings(data=str(folder))).unseal("test", sealed) == b"hush"


@pytest.mark.parametrize("text", ["hush", "aHVzaA==", "!", _KEY + "AAAA"])
def test_what_is_no_key_is_refused_and_not_repeated(
    db: Database, tmp_path: Path, text: str
) -> None:
    (tmp_path / "secrets.key").write_text(text, "ascii")
    (tmp_path / "secrets.key").chmod(0o600)

    for chosen in (Settings(secrets_key=text), Settings(data=str(tmp_path))):
        with pytest.raises(OperatorError, match="openssl rand -base64 32") as refusal:
            sealing.open_vault(db, chosen)
        assert text not in refusal.value.message.replace(str(tmp_path), "")


def test_a_folder_that_cannot_be_used_is_named(db: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OperatorError, match=r"Cannot use .*secrets\.key"):
        sealing.open_vault(db, Settings(data=str(tmp_path / "file")))


def test_a_production_server_with_several_workers_starts_with_a_key_of_its_own(
    tmp_path: Path, database_url: str
) -> None:
    arguments = ("--workers", "2", "--data", str(tmp_path / "data"))
    unset = {"WAFLOWS_SECRETS_KEY": ""}
    with production_server(tmp_path, database_url, *arguments, **unset) as process:
        key = (tmp_path / "data" / "secrets.key").read_text("ascii").strip()
        assert process.stop() == 0
    with production_server(tmp_path, database_url, *arguments, **unset):
        pass

    assert (tmp_path / "data" / "secrets.key").read_text("ascii").strip() == key
    assert key not in (tmp_path / "server.log").read_text("utf-8")


def test_a_server_with_another_key_does_not_start(tmp_path: Path, database_url: str) -> None:
    with dev_server(tmp_path, "--database-url", database_url, WAFLOWS_SECRETS_KEY=_KEY):
        pass
    refused = run(
        "serve", "--port", "0", "--database-url", database_url, env={"WAFLOWS_SECRETS_KEY": _OTHER}
    )

    assert refused.returncode == 2
    assert "is not the secrets key this database was first used with" in refused.stderr
    assert _OTHER not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_goes_on_with_another_key_when_its_own_is_lost(
    tmp_path: Path, database_url: str
) -> None:
    other = {"WAFLOWS_SECRETS_KEY": _OTHER}
    with dev_server(tmp_path, "--database-url", database_url):
        tenant_key = _sealed_app_secret(database_url, tmp_path)
    asked = run("db", "accept-secrets-key", "--database-url", database_url)
    assert "pass --yes" in asked.stderr
    # The server's own key still opens everything; with another one the app secret is lost.
    assert asked.stdout == "No stored secret is lost.\n"
    asked = run("db", "accept-secrets-key", "--database-url", database_url, env=other)
    assert "app secret" in asked.stdout
    assert tenant_key[1] in asked.stdout
    accepted = run("db", "accept-secrets-key", "--yes", "--database-url", database_url)
    assert accepted.returncode == 0, accepted.stderr

    with dev_server(tmp_path, "--database-url", database_url, **other), opened(database_url) as db:
        vault = Vault(bytes(32))
        with pytest.raises(Conflict, match="set the app secret"):
            db.read_now(endpoint_keys.credentials, vault, *tenant_key)
        db.run_now(endpoint_keys.set_app_secret, vault, *tenant_key, "set-anew")
        assert db.read_now(endpoint_keys.credentials, vault, *tenant_key).app_secret == "set-anew"


def _sealed_app_secret(database_url: str, folder: Path) -> tuple[str, str]:
    """A channel, and its account, with an app secret sealed under the key of all tests."""
    with opened(database_url) as db:
        account = db.run_now(accounts.create_account, "Tests")
        channel = db.run_now(accounts.create_channel, account.id, "Channel")
        vault = sealing.open_vault(db, Settings(data=str(folder), secrets_key=SECRETS_KEY))
        db.run_now(endpoint_keys.set_app_secret, vault, account.id, channel.id)
    return account.id, channel.id


def test_the_key_is_no_option_of_the_command_line_where_every_process_could_read_it() -> None:
    assert "--secrets-key" not in run("serve", "--help").stdout


def test_a_key_of_another_kind_in_the_settings_file_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "waflows.toml"
    file.write_text(f"secrets_key = {json.dumps([_KEY])}\n", "utf-8")

    with pytest.raises(OperatorError, match="Invalid setting secrets_key in") as refusal:
        settings.load({}, {}, str(file))
    assert _KEY not in refusal.value.message


def _key_file(folder: Path, mode: int) -> Path:
    folder.mkdir()
    path = folder / "secrets.key"
    path.write_text(f"{_KEY}\n", "ascii")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o660, 0o666, 0o777])
def test_a_server_does_not_start_with_a_key_that_others_can_read_or_change(
    tmp_path: Path, mode: int
) -> None:
    path = _key_file(tmp_path / "data", mode)
    variables = {"WAFLOWS_SECRETS_KEY": "", "WAFLOWS_DATA": str(tmp_path / "data")}
    run("db", "upgrade", env=variables)

    refused = run("serve", "--port", "0", env=variables)

    assert refused.returncode == 2
    assert f"(mode {mode:04o})" in refused.stderr
    assert f"chmod 600 {path}" in refused.stderr
    assert _KEY not in refused.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_user_is_refused(db: Database, tmp_path: Path) -> None:
    path = _key_file(tmp_path / "data", 0o600)
    os.chown(path, 12345, 12345)
    with pytest.raises(OperatorError, match=r"belongs to another user \(uid 12345\)"):
        sealing.open_vault(db, Settings(data=str(tmp_path / "data")))


def test_in_a_pod_the_group_of_its_volumes_may_have_the_key(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _key_file(tmp_path / "data", 0o660)
    with pytest.raises(OperatorError, match="mode 0660"):
        sealing.open_vault(db, Settings(data=str(tmp_path / "data")))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    sealing.open_vault(db, Settings(data=str(tmp_path / "data")))
    path.chmod(0o664)
    with pytest.raises(OperatorError, match="mode 0664"):
        sealing.open_vault(db, Settings(data=str(tmp_path / "data")))


def test_a_key_is_found_behind_a_link_and_what_it_leads_to_is_judged(
    db: Database, tmp_path: Path
) -> None:
    path = _key_file(tmp_path / "secret", 0o600)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secrets.key").symlink_to(path)
    sealing.open_vault(db, Settings(data=str(tmp_path / "data")))
    path.chmod(0o644)
    with pytest.raises(OperatorError, match="mode 0644"):
        sealing.open_vault(db, Settings(data=str(tmp_path / "data")))


def test_a_pipe_or_a_folder_in_place_of_the_key_is_refused_at_once(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.mkfifo(folder / "secrets.key", 0o600)
    with pytest.raises(OperatorError, match="not a regular file"):
        sealing.open_vault(db, Settings(data=str(folder)))
    (folder / "secrets.key").unlink()
    (folder / "secrets.key").mkdir()
    with pytest.raises(OperatorError, match=r"secrets\.key"):
        sealing.open_vault(db, Settings(data=str(folder)))
