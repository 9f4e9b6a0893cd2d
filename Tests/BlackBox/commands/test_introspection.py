"""COMMAND and INFO: what clients and monitoring tools read."""

import pytest

from scenario import run, scenarios

COMMAND = """
COMMAND FOO
[kind] COMMAND
[kind] COMMAND COUNT
[kind] COMMAND LIST
[kind] COMMAND HELP
[kind] COMMAND DOCS
COMMAND COUNT a
COMMAND INFO nosuch
COMMAND DOCS nosuch
COMMAND LIST FOO
COMMAND LIST FILTERBY FOO bar
[unordered] COMMAND LIST FILTERBY PATTERN bitfiel*
COMMAND LIST FILTERBY MODULE nosuch
COMMAND GETKEYS SET k v
COMMAND GETKEYS MGET a b c
COMMAND GETKEYS MSET a 1 b 2
COMMAND GETKEYS BITOP AND d a b
COMMAND GETKEYS COPY a b
COMMAND GETKEYS OBJECT ENCODING k
COMMAND GETKEYS LCS a b LEN
COMMAND GETKEYS RENAME a b
COMMAND GETKEYS PING a
COMMAND GETKEYS OBJECT k
COMMAND GETKEYS OBJECT FOO k
COMMAND GETKEYS CONFIG GET a
COMMAND GETKEYS MEMORY USAGE k
COMMAND GETKEYS SCAN 0
COMMAND GETKEYS MSET a b c
COMMAND GETKEYS NOSUCH a
COMMAND GETKEYS GET a b
COMMAND GETKEYS
COMMAND GETKEYSANDFLAGS GET k
COMMAND GETKEYSANDFLAGS SET k v
COMMAND GETKEYSANDFLAGS SET k v GET
COMMAND GETKEYSANDFLAGS DEL a b
COMMAND GETKEYSANDFLAGS GETDEL k
COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0
COMMAND GETKEYSANDFLAGS BITFIELD k SET u8 0 1
COMMAND GETKEYSANDFLAGS MSET a 1 b 2
COMMAND GETKEYSANDFLAGS PING a
COMMAND GETKEYSANDFLAGS MSETNX a 1 b 2; COMMAND GETKEYSANDFLAGS SETNX a 1; COMMAND GETKEYSANDFLAGS GETSET a 1
COMMAND GETKEYSANDFLAGS BITFIELD k; COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0 INCRBY u8 0 1; COMMAND GETKEYSANDFLAGS BITFIELD_RO k
COMMAND GETKEYSANDFLAGS BITOP AND d a b; COMMAND GETKEYSANDFLAGS LCS a b; COMMAND GETKEYSANDFLAGS BITCOUNT a
COMMAND GETKEYSANDFLAGS RENAME a b; COMMAND GETKEYSANDFLAGS RENAMENX a b; COMMAND GETKEYSANDFLAGS COPY a b; COMMAND GETKEYSANDFLAGS MOVE a 1
COMMAND GETKEYSANDFLAGS UNLINK a; COMMAND GETKEYSANDFLAGS EXISTS a b; COMMAND GETKEYSANDFLAGS TOUCH a; COMMAND GETKEYSANDFLAGS TYPE a
COMMAND GETKEYSANDFLAGS EXPIRE a 1; COMMAND GETKEYSANDFLAGS PERSIST a; COMMAND GETKEYSANDFLAGS TTL a; COMMAND GETKEYSANDFLAGS GETEX a
COMMAND GETKEYSANDFLAGS DUMP a; COMMAND GETKEYSANDFLAGS RESTORE a 0 x; COMMAND GETKEYSANDFLAGS WATCH a b
COMMAND GETKEYSANDFLAGS OBJECT FREQ a; COMMAND GETKEYSANDFLAGS OBJECT FOO a; COMMAND GETKEYSANDFLAGS MEMORY USAGE a
COMMAND GETKEYSANDFLAGS APPEND a b; COMMAND GETKEYSANDFLAGS SETRANGE a 0 b; COMMAND GETKEYSANDFLAGS INCRBYFLOAT a 1; COMMAND GETKEYSANDFLAGS SETBIT a 0 1
COMMAND LIST FILTERBY ACLCAT nosuch; [unordered] COMMAND LIST FILTERBY ACLCAT TRANSACTION; COMMAND LIST FILTERBY PATTERN x y
COMMAND LIST FILTERBY PATTERN GETSET; COMMAND LIST FILTERBY PATTERN CONFIG|SE*; COMMAND LIST FILTERBY PATTERN nosuch*; COMMAND LIST FILTERBY PATTERN
"""

COMMANDS = """get set setnx setex psetex getset getdel getex mget mset msetnx append strlen getrange substr setrange incr
decr incrby decrby incrbyfloat lcs setbit getbit bitcount bitpos bitop bitfield bitfield_ro del unlink exists type touch
rename renamenx copy move randomkey keys scan dbsize expire pexpire expireat pexpireat expiretime pexpiretime ttl pttl
persist object dump restore select swapdb flushdb flushall multi exec discard watch unwatch ping echo quit reset auth
hello client info config command time debug memory slowlog latency monitor wait lastsave role lolwut shutdown
cluster replicaof""".split()


@scenarios(COMMAND)
def test_command(line, version, target, reference):
    run(line, version, target, reference)


@pytest.mark.parametrize("name", COMMANDS)
def test_arity_and_keys_of_every_command(target, reference, name):
    """Name, arity and key positions are what clients route by."""
    ours, theirs = (server.call("COMMAND", "INFO", name).plain()[0] for server in (target, reference))
    assert ours is not None
    assert ours[:2] == theirs[:2]
    assert ours[3:6] == theirs[3:6]
    for flag in (b"write", b"readonly"):
        assert (flag in ours[2]) == (flag in theirs[2]), flag
    # An unknown first letter in the key flags would break the parsers of client libraries.
    assert len(ours) >= 10


SECTIONS = {
    "server": """redis_version redis_git_sha1 redis_mode os arch_bits process_id run_id tcp_port uptime_in_seconds
        uptime_in_days hz executable config_file multiplexing_api redis_build_id""",
    "clients": "connected_clients maxclients blocked_clients tracking_clients client_recent_max_input_buffer",
    "memory": """used_memory used_memory_human used_memory_rss used_memory_peak used_memory_peak_human used_memory_overhead
        used_memory_startup used_memory_dataset maxmemory maxmemory_human maxmemory_policy mem_fragmentation_ratio
        mem_allocator lazyfree_pending_objects used_memory_lua number_of_cached_scripts total_system_memory""",
    "persistence": """loading rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time
        rdb_last_bgsave_status aof_enabled""",
    "stats": """total_connections_received total_commands_processed instantaneous_ops_per_sec total_net_input_bytes
        total_net_output_bytes instantaneous_input_kbps instantaneous_output_kbps rejected_connections expired_keys
        evicted_keys keyspace_hits keyspace_misses pubsub_channels pubsub_patterns latest_fork_usec total_error_replies
        unexpected_error_replies total_reads_processed total_writes_processed""",
    "replication": "role connected_slaves master_replid master_repl_offset",
    "cpu": "used_cpu_sys used_cpu_user",
    "cluster": "cluster_enabled",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_fields_of_sections(target, section):
    found = target.information(section)
    assert [name for name in SECTIONS[section].split() if name not in found] == []
    text = target.call("INFO", section.upper()).value
    assert text.startswith(b"# " + section.capitalize().replace("Cpu", "CPU").encode() + b"\r\n")
    assert text.count(b"\n") == text.count(b"\r\n")


def test_facts(target):
    found = target.information("everything")
    assert (found["redis_mode"], found["role"], found["connected_slaves"]) == ("standalone", "master", "0")
    assert (found["loading"], found["cluster_enabled"], found["aof_enabled"]) == ("0", "0", "0")
    assert found["tcp_port"] == str(target.port)
    assert found["process_id"] == str(target.process.pid)
    assert len(found["run_id"]) == 40


def test_counters_move(target, connection):
    connection.call("CONFIG", "RESETSTAT")
    connection.pipeline(("SET", "k", "v"), ("GET", "k"), ("GET", "k"), ("GET", "none"), ("MGET", "k", "none"), ("FOO",))
    found = target.information("everything")
    assert (found["keyspace_hits"], found["keyspace_misses"]) == ("3", "2")
    assert int(found["total_error_replies"]) >= 1
    assert int(found["total_commands_processed"]) >= 5
    assert found["cmdstat_get"].startswith("calls=3,usec=")
    assert "usec_per_call=" in found["cmdstat_get"] and found["cmdstat_get"].endswith("rejected_calls=0,failed_calls=0")
    assert found["errorstat_ERR"] == "count=1"
    assert found["latency_percentiles_usec_get"].startswith("p50=")


def test_keyspace(target, connection):
    connection.pipeline(("SET", "a", "v"), ("SET", "b", "v", "EX", 100), ("SELECT", 3), ("SET", "c", "v"))
    found = target.information("keyspace")
    assert found["db0"].startswith("keys=2,expires=1,avg_ttl=")
    assert found["db3"].startswith("keys=1,expires=0,avg_ttl=0")
    assert "db1" not in found


def test_several_sections(target):
    text = target.call("INFO", "memory", "SERVER", "memory").value
    assert text.count(b"# Memory") == 1 and text.count(b"# Server") == 1
    assert b"# Commandstats" not in target.call("INFO").value
    assert b"# Commandstats" in target.call("INFO", "all").value
