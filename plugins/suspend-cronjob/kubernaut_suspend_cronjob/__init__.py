"""Kubernaut action: Suspend or resume a CronJob."""
