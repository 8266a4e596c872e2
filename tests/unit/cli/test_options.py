"""The values that options name."""

from kubernaut.cli.options import read_settings
from kubernaut.settings import DEFAULT_IMAGE


def test_without_a_file_the_settings_are_the_defaults():
    assert read_settings(None, None).image == DEFAULT_IMAGE


def test_an_image_on_the_command_line_overrides_the_configuration(tmp_path):
    file = tmp_path / "engine.yaml"
    file.write_text("image: configured:1\nmaxRunning: 7\n", "utf-8")
    assert read_settings(file, None).image == "configured:1"
    overridden = read_settings(file, "given:2")
    assert (overridden.image, overridden.max_running) == ("given:2", 7)
