"""The main job on real input, end to end, told as a story with evidence from AWS itself."""
