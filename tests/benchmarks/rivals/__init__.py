"""Other streaming recognisers, played beside ours: same sound, same model, same machine, same run.

A rival is a module here that can be started as a program: it loads `--path` (a copy of the rival that the user
got), says "ready", begins at the next line of its input, plays `--sound` at real time and prints one line of JSON:
{"settled": [[text, seconds since the start]], "lags_s": [...]}. None of a rival's code is in this repository.
A rival with requirements of its own has them in PATH/.venv: its program then runs under PATH/.venv/bin/python, and
imports nothing of ours but program.py.
"""
