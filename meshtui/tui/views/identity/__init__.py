"""View 4: who the workload is."""
