"""When a planner job starts: cron lines, intervals, new dataset versions, pushes; and what was missed."""
