"""Which sounds a study asks about and what that costs: sampling, pools, controls, workload."""
