"""Who a workload is: bootstrap, certificates, agent."""
