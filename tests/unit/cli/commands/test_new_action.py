"""`kubernaut new-action`: the files that it lists, and the command to run next."""


def test_the_written_files_and_the_next_command_are_printed(kubernaut, tmp_path):
    ran = kubernaut("new-action", "note", "--in", str(tmp_path))
    *files, blank, following = ran.out.splitlines()
    assert ran.code == 0
    assert sorted(files) == sorted(str(file) for file in tmp_path.rglob("*") if file.is_file())
    assert (blank, following) == ("", "next: pip install -e 'kubernaut-note[test]' && pytest kubernaut-note")


def test_a_bad_name_is_bad_input(kubernaut, tmp_path):
    ran = kubernaut("new-action", "No", "--in", str(tmp_path))
    assert (ran.code, "is not a valid action name" in ran.err) == (2, True)
