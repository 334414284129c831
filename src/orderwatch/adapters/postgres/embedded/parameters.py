"""How the embedded server is set up: for one small machine, and never at the cost of durability."""

from __future__ import annotations

import os
from pathlib import Path

MB = 1024 * 1024

# Beside PostgreSQL's own defaults. fsync, synchronous_commit and full_page_writes stay on: said
# here so that a postgresql.conf edited by hand cannot take back what a 202 has promised.
FIXED = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "port": "5432",  # only the socket's name
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "jit": "off",  # compiling costs more than our short queries take
    # Nothing replicates from it, so bulk loads into new tables may skip the log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Few, spread checkpoints: each makes the next write of every page carry the whole page.
    "checkpoint_timeout": "15min",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "wal_compression": "off",  # this build has only pglz, which costs more than it saves here
    "wal_buffers": "16MB",
    "work_mem": "16MB",
    "random_page_cost": "1.1",  # solid state or cached
    "autovacuum_naptime": "15s",  # orders are updated often: keep their pages prunable
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    # Statements may carry personal data; the log never does.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


def parameters(sockets: Path, overrides: dict[str, str]) -> list[str]:
    """The server's command line from its settings: `-c name=value` for each."""
    memory = memory_mb()
    sized = {
        "unix_socket_directories": str(sockets),
        "shared_buffers": f"{min(max(memory // 8, 32), 1024)}MB",
        "effective_cache_size": f"{max(memory // 2, 64)}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 16), 256)}MB",
        "max_parallel_workers": str(os.cpu_count() or 1),
    }
    return [
        word
        for name, value in (FIXED | sized | overrides).items()
        for word in ("-c", f"{name}={value}")
    ]


def memory_mb() -> int:
    """What this machine, or the container around us, lets us use."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):  # no control groups, or "max"
        limit = machine
    return min(machine, limit) // MB
