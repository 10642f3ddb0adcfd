"""The study of the browser tests' thread."""

STUDY = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
[queries]
clips = ["hum-0", "hiss-1"]
[controls]
repeats = 0
[listening]
must_listen = 0
sound_check = false
"""
