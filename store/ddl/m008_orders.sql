-- every way to look at a metric is an order of the runs table
create index summary_first on summary (metric_id, first, run_id)

-- the children of a run: counted on its line, listed under it
create index run_of_parent on run (parent_id) where parent_id is not null
