/* SPDX-License-Identifier: Apache-2.0 */
/* config: every setting of furuid and its workers, from one INI file (inih), one table, one struct.
 *
 * docs/configuration.md explains each key; `furuid --show-config` prints the effective settings in a form that
 * config_load reads back. The engine hands its workers that very text, so a worker can never run on a file that
 * was edited since. Unknown sections and keys, wrong types and values out of range are errors, with file and line. */
#ifndef FURUI_CONFIG_H
#define FURUI_CONFIG_H

#include "proto/base/err.h"
#include "proto/base/log.h"
#include "proto/base/span.h"
#include "proto/wire.h"

#include <stdio.h>

enum {
    CONFIG_LISTEN_MAX = 16,
    CONFIG_WORKERS_MAX = 128,
    CONFIG_TEXT_MAX = 256, /* bytes of one value, with its NUL */
    CONFIG_LINE_MAX = 1024,
    CONFIG_TENANT_MAX = 4096,
    CONFIG_FAULT_MAX = 512,
    CONFIG_HOSTS_MAX = 32, /* names in one list */
    CONFIG_HOSTS_TEXT = 960,
    CONFIG_KEEP_MAX = 32,
};

/* What a tenant does with a class, and where the classes begin. */
struct config_policy {
    char tenant[64];           /* "" is everybody's */
    double unsure_at, spam_at; /* probabilities; ham below unsure_at, spam from spam_at */
    char action[3][32];        /* by enum wire_class */
    int campaign_subject;      /* may `furui campaigns` show a Subject? 0 or 1 */
};

struct config {
    /* [engine] */
    char listen[CONFIG_LISTEN_MAX][CONFIG_TEXT_MAX]; /* endpoints; listen_count of them */
    size_t listen_count;
    char state_dir[CONFIG_TEXT_MAX];
    char cpus[CONFIG_TEXT_MAX];         /* cpus.h; empty: workers run anywhere */
    int workers;                        /* 0: one a CPU */
    int credit;                         /* mails in flight a worker */
    int queue_mails;                    /* waiting for a worker, at most */
    int queue_mb;                       /* their bytes, at most */
    int mail_mb;                        /* one mail, at most */
    int deadline_ms;                    /* when a request names none */
    int deadline_max_ms;                /* no request may wait longer */
    int drain_ms;                       /* patience at SIGTERM */
    int heartbeat_ms;                   /* a worker's sign of life, at least this often when idle */
    int hang_ms;                        /* silence after which a worker is killed */
    int restart_min_ms, restart_max_ms; /* back-off */
    /* [log] */
    bool log_syslog, log_json;
    enum log_level log_level;
    /* [model] */
    char bundle[CONFIG_TEXT_MAX];      /* serves until one is pushed */
    char history_dir[CONFIG_TEXT_MAX]; /* pushed bundles and their history; "": in state_dir */
    int keep;                          /* bundles kept for a rollback */
    /* [mail] */
    char trusted_authserv[CONFIG_HOSTS_TEXT]; /* comma separated; config_hosts takes it apart */
    int own_received;                         /* Received fields that our own hosts have put on top */
    /* [redis] */
    char redis[CONFIG_TEXT_MAX];          /* "private", "off", or as where.h has it */
    char redis_user[64];                  /* "": none */
    char redis_password[CONFIG_TEXT_MAX]; /* file with the password; "": none */
    char redis_sentinel_password[CONFIG_TEXT_MAX];
    bool redis_tls;
    char redis_tls_ca[CONFIG_TEXT_MAX], redis_tls_cert[CONFIG_TEXT_MAX], redis_tls_key[CONFIG_TEXT_MAX];
    char redis_tls_name[CONFIG_TEXT_MAX]; /* that certificates must be for; "": the host as `redis` names it */
    char redis_program[CONFIG_TEXT_MAX];  /* program for "private" */
    char redis_prefix[64];
    int redis_deadline_ms; /* what it has not answered by then is left out */
    int redis_flush_ms;    /* counters are written behind this often */
    int redis_cache_ms;    /* what a worker read so long ago it believes */
    int redis_fast_hours;  /* half-lives of counters */
    int redis_slow_days;
    char redis_secret[CONFIG_TEXT_MAX]; /* file with the key that hashes people's names; "": in state_dir */
    int redis_memory_mb;                /* of "private", at most */
    /* [reports] */
    char trusted_reporters[CONFIG_HOSTS_TEXT]; /* comma separated, as config_hosts takes them apart */
    char unlimited_reporters[CONFIG_HOSTS_TEXT];
    char traps[CONFIG_HOSTS_TEXT]; /* addresses that nobody uses */
    bool weigh_reporters;          /* no: each word counts 1, which is for measuring */
    int reporter_a_minute, tenant_a_minute;
    int journal_mb;   /* of reports that are not in the stream yet */
    int stream_max;   /* entries that the stream keeps */
    int stream_mb;    /* of Redis that they may fill */
    int rewind_days;  /* for which the stream and old snapshots stay */
    int share_s;      /* between snapshots that hosts share; 0: none is */
    int share_mb;     /* the largest of these */
    int snapshot_s;   /* between snapshots of what was learnt */
    int ticket_hours; /* for which a ticket can stand for its mail */
    int live_bits;    /* log2 of the live model's cells (livetable.h); 0: there is none */
    int publish_ms;   /* between two looks of workers at what reports taught */
    int sample_s;     /* between mails that a worker shows the learner; 0: none */
    int guard_flips;  /* percent of samples */
    int guard_step;   /* hundredths of log-odds */
    /* [policy] and [policy NAME] */
    struct config_policy *policies; /* owned; [0] is everybody's; sorted by tenant */
    size_t policy_count;
};

/* The defaults; they need no file. state_dir and bundle are looked for (docs/configuration.md says where). */
void config_init(struct config *c);
void config_close(struct config *c);

/* Read a file over the defaults, then config_check it. fault_out[CONFIG_FAULT_MAX]: "FILE:LINE: what" on error, and
 * the config is then half read: close it. ERR_IO, ERR_SYNTAX, ERR_MEMORY. config_read names the file `name`. */
enum err config_load(struct config *c, const char *path, char *fault_out);
enum err config_read(struct config *c, FILE *from, const char *name, char *fault_out);

/* Cross-checks that no single key can see (unsure_at <= spam_at, deadline_ms <= deadline_max_ms, …). ERR_SYNTAX. */
enum err config_check(const struct config *c, char *fault_out);

/* The effective settings as INI, one comment line of help before each key; config_load reads the same back. */
void config_write(const struct config *c, FILE *to);

/* Where the secret is that people's names are hashed under. */
void config_secret_file(const struct config *c, char out[CONFIG_TEXT_MAX + 16]);

/* The policy of a tenant; everybody's when it has none. O(log tenants). */
const struct config_policy *config_policy_for(const struct config *c, span tenant);

/* The names of a comma separated list, at most CONFIG_HOSTS_MAX; spans within `list`. Returns how many. */
size_t config_hosts(const char *list, span out[CONFIG_HOSTS_MAX]);

/* The class of a probability under a policy. */
enum wire_class config_class(const struct config_policy *p, double probability);

#endif
