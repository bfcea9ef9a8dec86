/* SPDX-License-Identifier: Apache-2.0 */
/* reputation: look at what is counted about a name, set what people are taken to have said, or forget it.
 *
 * Speaks to the same Redis as the workers do, by the service's own configuration: who may read that and reach the store
 * (the private one's socket is its owner's alone) is the operator. Records are packed, so redis-cli is no help here. */
#define _GNU_SOURCE
#include "proto/base/clock.h"
#include "proto/cli/cli.h"
#include "proto/cli/stored.h"
#include "proto/store/counters.h"
#include "proto/store/name.h"
#include "proto/store/secret.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

static const char VERB[] = "reputation";
static const char HELP[] =
    "usage: furui reputation show [OPTION…] KIND NAME\n"
    "       furui reputation set [OPTION…] --spam N --ham N KIND NAME\n"
    "       furui reputation forget [OPTION…] KIND NAME\n"
    "\n"
    "What is counted about a name in mails: look at it; set how often people are taken to have called mail with it\n"
    "spam or ham, which a bound by kind holds (docs/reputation.md); or forget all of it. Verdicts follow within\n"
    "cache_ms.\n"
    "\n"
    "  KIND           ip, net (192.0.2.0/24, 2001:db8::/64), sender, from, dkim, url (registrable domains), file,\n"
    "                 text (as a verdict's reason has them), user (a login)\n"
    "  --spam N       reports of spam, fractions are fine; default 0\n"
    "  --ham N        reports of ham; default 0\n"
    "  --tenant T     the tenant's own record instead of everybody's\n"
    "  --config FILE  the service's configuration; default: furuid's defaults\n"
    "  --state-dir D  where the service's state is, if not where the configuration says\n"
    "  --json         show: one JSON object\n"
    "\n"
    "exit status: 0 done; 1 show: nothing is known of it; 64 wrong usage; 66 no such configuration; 69 Redis does not\n"
    "answer; 74 it refused\n"
    "\n"
    "example: furui reputation set --spam 50 ip 192.0.2.1\n";

enum action { SHOW, SET, FORGET };

struct asked {
    enum action action;
    const char *config, *state_dir, *tenant;
    double said[2]; /* ham, spam */
    bool json;
    enum name_kind kind;
    uint8_t name[NAME_MAX_BYTES];
    size_t name_bytes;
    uint8_t key[NAME_KEY_BYTES];
    struct record_lives lives;
    struct config c;
};

/* --- actions ----------------------------------------------------------------------------------------------------- */

static int get(struct store *s, span key, struct record *out, bool *found)
{
    struct store_reply reply;
    int status = stored_command(s, VERB, key, (span[]){SPAN("GET"), key}, 2, &reply);
    if (status != CLI_OK) return status;
    *found = reply.v[0].kind == STORE_TEXT && record_read(reply.v[0].text, out);
    if (!*found) *out = (struct record){0};
    return CLI_OK;
}

static const char *const SUMS[SUM_COUNT] = {"mails", "content_ham", "content_spam", "said_ham", "said_spam"};

static void print_json(const struct asked *a, const struct record *r, const char *when, long long left_s)
{
    static const char *const SPEEDS[RECORD_SPEEDS] = {"fast", "slow"};
    printf("{\"kind\":\"%s\",\"name\":\"%.*s\",\"changed\":\"%s\",\"forgotten_in_s\":%lld", name_kind_word(a->kind),
           (int)a->name_bytes, (const char *)a->name, when, left_s);
    for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
        printf(",\"%s\":{\"half_life_minutes\":%.0f", SPEEDS[speed], a->lives.minutes[speed]);
        for (int k = 0; k < SUM_COUNT; k++) printf(",\"%s\":%.6g", SUMS[k], r->sum[speed][k]);
        putchar('}');
    }
    puts("}");
}

static void print_table(const struct asked *a, const struct record *r, const char *when, long long left_s)
{
    printf("%s ", name_kind_word(a->kind));
    cli_print(stdout, span_of(a->name, a->name_bytes));
    printf("\nchanged %s, forgotten in %.1f days without mail or report\n\n%-14s", when, (double)left_s / 86400, "");
    for (int k = 0; k < SUM_COUNT; k++) printf("%14s", SUMS[k]);
    for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
        char life[32];
        double hours = a->lives.minutes[speed] / 60;
        snprintf(life, sizeof life, hours < 48 ? "in %.0f hours" : "in %.0f days", hours < 48 ? hours : hours / 24);
        printf("\n%-14s", life);
        for (int k = 0; k < SUM_COUNT; k++) printf("%14.6g", r->sum[speed][k]);
    }
    putchar('\n');
}

static int show(const struct asked *a, struct store *s, span key)
{
    struct record r;
    struct store_reply reply;
    bool found;
    char when[32];
    int status = get(s, key, &r, &found);
    if (status != CLI_OK) return status;
    if (!found) return cli_fail(1, VERB, "nothing is known of it");
    if ((status = stored_command(s, VERB, key, (span[]){SPAN("TTL"), key}, 2, &reply)) != CLI_OK) return status;
    time_t changed = (time_t)RECORD_EPOCH + (time_t)r.minute * 60;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%MZ", gmtime(&changed));
    record_decay(&r, record_minute(clock_wall_us()), &a->lives);
    (a->json ? print_json : print_table)(a, &r, when, (long long)reply.v[0].integer);
    return CLI_OK;
}

/* Counts of a worker that come in between are lost: some mails of a name whose reports an operator sets by hand. */
static int set(const struct asked *a, struct store *s, const struct counters *c, span key)
{
    struct record r;
    struct store_reply reply;
    bool found;
    uint8_t bytes[RECORD_BYTES];
    char ttl[16];
    uint32_t now = record_minute(clock_wall_us());
    int status = get(s, key, &r, &found);
    if (status != CLI_OK) return status;
    record_decay(&r, now, &a->lives);
    r.minute = now;
    for (int speed = 0; speed < RECORD_SPEEDS; speed++) memcpy(&r.sum[speed][SUM_SAID_HAM], a->said, sizeof a->said);
    record_write(&r, bytes);
    snprintf(ttl, sizeof ttl, "%u", (unsigned)c->said_s);
    span words[] = {SPAN("SET"), key, span_of(bytes, sizeof bytes), SPAN("EX"), span_cstr(ttl)};
    return stored_command(s, VERB, key, words, 5, &reply);
}

/* A tenant's own records are asked for only where its record as a whole stands (worker/rep/rep.c). */
static int set_tenant(struct asked *a, struct store *s, const struct counters *c)
{
    uint8_t text[NAME_KEY_BYTES];
    if (!*a->tenant) return CLI_OK;
    return set(a, s, c, name_key(a->c.redis_prefix, span_cstr(a->tenant), NAME_TENANT, SPAN("all"), text));
}

static int act(struct asked *a)
{
    struct store *s;
    struct store_reply reply;
    struct counters c;
    int status = stored_open(&a->c, VERB, &s);
    if (status != CLI_OK) return status;
    counters_init(&c, s, &a->lives);
    span key = name_key(a->c.redis_prefix, span_cstr(a->tenant), a->kind, span_of(a->name, a->name_bytes), a->key);
    switch (a->action) {
    case SHOW: status = show(a, s, key); break;
    case SET:
        status = set(a, s, &c, key);
        if (status == CLI_OK) status = set_tenant(a, s, &c);
        break;
    case FORGET: status = stored_command(s, VERB, key, (span[]){SPAN("DEL"), key}, 2, &reply); break;
    }
    store_close(s);
    return status;
}

/* --- what was asked ----------------------------------------------------------------------------------------------- */

static bool read_count(const char *option, const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (*text && !*end && isfinite(*out) && *out >= 0 && *out <= 1e9) return true;
    cli_fail(CLI_USAGE, VERB, "%s: expected a number from 0 to 1e9, got '%s'", option, text);
    return false;
}

static bool read_options(int argc, char **argv, struct asked *a, bool *counted)
{
    static const struct option LONG[] = {
        {"spam", required_argument, NULL, 's'},
        {"ham", required_argument, NULL, 'h'},
        {"tenant", required_argument, NULL, 't'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {"state-dir", required_argument, NULL, 'd'},
        {0},
    };
    int o;
    while ((o = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        switch (o) {
        case 's':
        case 'h':
            *counted = true;
            if (!read_count(o == 's' ? "--spam" : "--ham", optarg, &a->said[o == 's'])) return false;
            break;
        case 't': a->tenant = optarg; break;
        case 'c': a->config = optarg; break;
        case 'd': a->state_dir = optarg; break;
        case 'j': a->json = true; break;
        default: cli_usage(VERB); return false;
        }
    }
    return true;
}

static int read_name(struct asked *a, const char *kind, const char *name)
{
    if (!name_kind_of(span_cstr(kind), &a->kind) || a->kind == NAME_TENANT)
        return cli_fail(CLI_USAGE, VERB, "no kind '%s'; 'furui reputation --help' lists them", kind);
    span given = span_cstr(name);
    uint8_t hashed[SECRET_HEX];
    if (a->kind == NAME_USER) {
        char path[CONFIG_TEXT_MAX + 16];
        struct secret secret;
        config_secret_file(&a->c, path);
        enum err e = secret_load(path, false, &secret);
        if (e != ERR_OK) return cli_fail(CLI_UNAVAILABLE, VERB, "%s: %s", path, err_str(e));
        secret_hash(&secret, SPAN("user"), given, hashed);
        given = span_of(hashed, sizeof hashed);
    }
    a->name_bytes = name_canonical(a->kind, given, a->name);
    if (a->name_bytes == 0) return cli_fail(CLI_USAGE, VERB, "'%s' is no name of kind '%s'", name, kind);
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    static const char *const ACTIONS[] = {[SHOW] = "show", [SET] = "set", [FORGET] = "forget"};
    struct asked a = {.tenant = ""};
    bool counted = false;
    if (!read_options(argc, argv, &a, &counted)) return CLI_USAGE;
    int n = argc - optind, action = -1;
    for (int i = 0; i < 3 && n > 0; i++)
        if (strcmp(argv[optind], ACTIONS[i]) == 0) action = i;
    if (n != 3 || action < 0 || counted != (action == SET) || (a.json && action != SHOW)) return cli_usage(VERB);
    a.action = (enum action)action;
    config_init(&a.c);
    int status = stored_config(&a.c, VERB, a.config, a.state_dir, &a.lives);
    if (status == CLI_OK) status = read_name(&a, argv[optind + 1], argv[optind + 2]);
    if (status == CLI_OK) status = act(&a);
    config_close(&a.c);
    return status;
}

const struct verb verb_reputation = {
    .name = "reputation",
    .summary = "look at what is counted about a sender or link, or set it",
    .help = HELP,
    .run = run,
};
