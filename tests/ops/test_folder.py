"""One instance per data folder, and a busy port is one line before anything starts."""

import os
import re
import socket
import stat

import pytest

from idp.errors import SettingsError
from idp.operations import folder


def test_a_second_instance_on_the_same_folder_is_refused_with_the_holders_number(tmp_path):
    with (
        folder.held(tmp_path),
        pytest.raises(SettingsError, match=rf"in use by process {os.getpid()}; set IDP_DATA_DIR"),
        folder.held(tmp_path),
    ):
        pass


def test_a_folder_is_free_again_after_its_instance(tmp_path):
    with folder.held(tmp_path):
        pass
    with folder.held(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="data_dir: cannot use"), folder.held(tmp_path / "file" / "var"):
        pass


@pytest.mark.parametrize("listening_on", ["127.0.0.1", "0.0.0.0"])
def test_a_busy_port_is_refused_with_what_to_do(listening_on):
    with socket.socket() as busy:
        busy.bind((listening_on, 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(
            SettingsError, match=re.escape(f"port {port} on 127.0.0.1 cannot be used (Address already in use); take another")
        ):
            folder.require_free("127.0.0.1", port, "take another")


def test_a_port_shared_by_another_server_counts_as_busy():
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(SettingsError):
            folder.require_free("127.0.0.1", busy.getsockname()[1], "")


def test_a_free_port_is_free(free_port):
    folder.require_free("127.0.0.1", free_port(), "")


def test_a_private_file_is_readable_by_its_owner_alone(tmp_path):
    folder.write_private(tmp_path / "secrets.json", {"a": 1})
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
