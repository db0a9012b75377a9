"""The decisions: functions of values, without clock, disk, network or randomness of their own."""
