/* SPDX-License-Identifier: Apache-2.0 */
/* furui-learner: one process that takes reports, keeps them, and learns; furuid starts it (proto/backend.h).
 *
 * Reports come over the link as records that a worker made; they go into the journal and the stream (intake.h), come
 * back out of the stream in the order that all hosts see (course.h), are weighed (voices.h), and what follows from them
 * goes to Redis (relay.h). No verdict waits for it. Exit status: 0 done, 1 cannot start or go on (one line says why), 64
 * wrong usage. */
#define _GNU_SOURCE
#include "models/live/course.h"
#include "models/live/door.h"
#include "models/live/publish.h"
#include "models/live/stream/intake.h"
#include "models/live/stream/relay.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/config.h"
#include "proto/link.h"
#include "proto/store/secret.h"
#include "proto/store/settings.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_CANNOT_START = 1,
    EXIT_USAGE = 64,
    READ_AHEAD = 1 << 20,
    JOURNAL_FILE_BYTES = 16 << 20,
    PATH_BYTES = CONFIG_TEXT_MAX + 64,
    TICK_MS = 200, /* between two looks at clocks, when nothing else happens */
    PUBLISH_CELLS = 4096,
    CATCH_UP_MS = 5000,
    LAST_MS = 2000, /* to tell Redis what is known, when told to go */
    ARENA_BYTES = 1 << 17,
    PEOPLE_MAX = CONFIG_HOSTS_MAX,
};

static const char HELP[] =
    "Usage: furui-learner --config FILE [--live]\n"
    "\n"
    "Takes reports for furuid, which starts it with a socket as descriptor 4, keeps and learns them; nobody else needs "
    "to.\n"
    "\n"
    "  --config FILE       settings, as furuid --show-config writes them\n"
    "  --live              descriptor 5 is the live model's table\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 cannot start or go on, and one line on standard error says why; 64 wrong usage.\n";

struct learner {
    struct config config;
    struct link engine;
    struct secret secret;
    struct journal *journal;
    struct store *store, *reader; /* NULL: Redis is off */
    struct intake *intake;
    struct relay *relay;
    struct course *course;
    struct live live;
    bool live_is_open;
    struct publish table;
    struct door door;
    struct arena arena;
    uint64_t trusted[PEOPLE_MAX], unlimited[PEOPLE_MAX];
    char stream_key[NAME_PREFIX_BYTES + 32], dead_key[NAME_PREFIX_BYTES + 32];
    char live_dir[PATH_BYTES];
    int64_t said_us; /* when the engine last heard of us */
    int64_t started_us, published_us;
    uint64_t shown;                       /* reports that workers have */
    uint64_t published, published_frozen; /* version of the content model that workers have */
    bool quitting, alone;
    char fault[CONFIG_FAULT_MAX];
};

static volatile sig_atomic_t stop;

static void on_term(int signal)
{
    (void)signal;
    stop = 1;
}

/* --- start -------------------------------------------------------------------------------------------------------- */

static bool fail(struct learner *l, const char *what, const char *why)
{
    snprintf(l->fault, sizeof l->fault, "%s: %s", what, why);
    return false;
}

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* The keyed hashes of people whom the settings name, ascending. */
static size_t people(const struct learner *l, const char *list, uint64_t out[PEOPLE_MAX])
{
    span one[PEOPLE_MAX];
    size_t n = config_hosts(list, one);
    for (size_t i = 0; i < n; i++) out[i] = secret_number(&l->secret, SPAN("reporter"), one[i]);
    qsort(out, n, sizeof *out, by_number);
    return n;
}

static bool make_folder(struct learner *l, const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST || fail(l, path, strerror(errno));
}

static bool open_journal(struct learner *l)
{
    char dir[PATH_BYTES], fault[JOURNAL_FAULT_MAX];
    snprintf(dir, sizeof dir, "%s/reports", l->config.state_dir);
    if (!make_folder(l, dir)) return false;
    size_t cap = (size_t)l->config.journal_mb << 20;
    if (journal_open(dir, JOURNAL_FILE_BYTES, cap, &l->journal, fault) != ERR_OK) {
        snprintf(l->fault, sizeof l->fault, "%s", fault);
        return false;
    }
    if (journal_lost(l->journal)) LOG(LEVEL_WARN, "journal_mended", L_INT("torn_or_damaged", journal_lost(l->journal)));
    return true;
}

static bool open_live(struct learner *l)
{
    struct live_rules rules = {.voices = {.trusted = l->trusted, .equal = !l->config.weigh_reporters},
                               .guard = {l->config.guard_flips / 100.0, l->config.guard_step / 100.0},
                               .bits = (unsigned)l->config.live_bits};
    rules.voices.trusted_count = people(l, l->config.trusted_reporters, l->trusted);
    if (live_open(&l->live, &rules) != ERR_OK) return fail(l, "furui-learner", err_str(ERR_MEMORY));
    l->live_is_open = true;
    snprintf(l->live_dir, sizeof l->live_dir, "%s/live", l->config.state_dir);
    return make_folder(l, l->live_dir);
}

/* Where workers read what was learnt. */
static bool open_table(struct learner *l)
{
    enum err e = publish_open(&l->table, BACKEND_LEARNER_LIVE_FD, (unsigned)l->config.live_bits, FEEDBACK_FEATURES,
                              PUBLISH_STEP);
    close(BACKEND_LEARNER_LIVE_FD);
    return e == ERR_OK || fail(l, "the live model's table", e == ERR_IO ? strerror(errno) : "has a strange size");
}

static bool open_store(struct learner *l, struct store **out)
{
    char why[STORE_WHY_MAX] = "";
    struct store_options o;
    store_settings(&l->config, &o);
    o.fault_out = why;
    enum err e = store_open(&o, out);
    return e == ERR_OK || fail(l, "[redis] server", *why ? why : err_str(e));
}

static void on_answer(void *ctx, uint64_t job, span frame)
{
    struct learner *l = ctx;
    struct backend_word word = {.type = BACKEND_ANSWER, .job = job};
    if (link_put(&l->engine, word, frame, SPAN_NONE) != ERR_OK) abort(); /* no memory: clients ask again */
}

static void on_told(void *ctx, uint64_t ticket, span answer)
{
    struct learner *l = ctx;
    struct backend_word word = {.type = BACKEND_TOLD, .job = ticket};
    if (link_put(&l->engine, word, answer, SPAN_NONE) != ERR_OK) abort();
}

/* An order, at its place in the stream. */
static void obey(struct learner *l, const struct feedback *r, struct follow_place at)
{
    static const char *const DONE[] = {
        [CONTROL_FREEZE] = "frozen", [CONTROL_THAW] = "thawed", [CONTROL_REWIND] = "rewound"};
    struct control_order o;
    char why[CONTROL_WHY_MAX];
    enum control_outcome outcome = live_obey(&l->live, r, at, &o, why);
    if (course_again(l->course, at)) return; /* known */
    if (outcome == CONTROL_REFUSED)
        LOG(LEVEL_WARN, "order_refused", L_STR("order", control_word(o.what)), L_STR("by", o.by), L_STR("why", why));
    else
        LOG(o.what == CONTROL_THAW ? LEVEL_NOTE : LEVEL_WARN, DONE[o.what], L_STR("by", o.by), L_STR("note", o.note),
            L_INT("at_ms", at.ms));
    if (outcome == CONTROL_REWOUND) course_rewind(l->course, at, o.to);
    door_met(&l->door, &o, outcome, why);
}

static void on_report(void *ctx, const struct feedback *r, struct follow_place at)
{
    struct learner *l = ctx;
    struct voices_effect e;
    if (r->kind == FEEDBACK_CONTROL) {
        obey(l, r, at);
        return;
    }
    if (live_take(&l->live, r, at, &e))
        LOG(LEVEL_ERROR, "frozen", L_STR("by", CONTROL_GUARD), L_STR("note", l->live.control.freeze.note),
            L_STR("now", "content is not learnt until somebody looks: furui learner show, furui learner thaw"));
    if (!course_again(l->course, at)) relay_add(l->relay, r, at, &e);
}

static bool is_told(void *ctx)
{
    const struct learner *l = ctx;
    return !l->relay || relay_waiting(l->relay) == 0;
}

static uint64_t calls_told(void *ctx)
{
    const struct learner *l = ctx;
    return relay_told(l->relay);
}

static void on_lost(void *ctx)
{
    struct learner *l = ctx;
    relay_drop(l->relay);
    intake_lost(l->intake, follow_taken(&l->live.follow, journal_host(l->journal)));
}

static bool is_missing(void *ctx, struct follow_place *upto_out)
{
    const struct learner *l = ctx;
    return relay_missing(l->relay, upto_out);
}

static void tell_again(void *ctx, bool all)
{
    const struct learner *l = ctx;
    (all ? relay_drop : relay_go_on)(l->relay);
}

/* The state of the last snapshot, and the way on from there. */
static bool open_course(struct learner *l)
{
    const struct config *c = &l->config;
    struct course_options o = {.dir = l->live_dir,
                               .key = span_cstr(l->stream_key),
                               .dead_key = span_cstr(l->dead_key),
                               .prefix = c->redis_prefix,
                               .secret = &l->secret,
                               .host = journal_host(l->journal),
                               .save_s = (unsigned)c->snapshot_s,
                               .rewind_days = (unsigned)c->rewind_days,
                               .stream_bytes = (uint64_t)c->stream_mb << 20,
                               .share_s = strcmp(c->redis, "private") == 0 ? 0 : (unsigned)c->share_s,
                               .share_bytes = (uint64_t)c->share_mb << 20};
    struct course_ops ops = {.ctx = l,
                             .report = on_report,
                             .told = is_told,
                             .calls = calls_told,
                             .lost = on_lost,
                             .missing = is_missing,
                             .again = tell_again};
    if (course_open(&l->live, l->store, l->reader, &o, &ops, &l->course) != ERR_OK)
        return fail(l, "furui-learner", err_str(ERR_MEMORY));
    const struct control_order *f = &l->live.control.freeze;
    if (l->live.control.frozen)
        LOG(LEVEL_WARN, "frozen", L_STR("by", f->by), L_STR("note", f->note), L_INT("at_ms", f->at.ms));
    return true;
}

static bool open_streams(struct learner *l)
{
    const struct config *c = &l->config;
    snprintf(l->stream_key, sizeof l->stream_key, "%s:2:{reports}", c->redis_prefix);
    snprintf(l->dead_key, sizeof l->dead_key, "%s:2:{reports}:dead", c->redis_prefix);
    if (strcmp(c->redis, "off") != 0) {
        struct relay_options o = {.prefix = c->redis_prefix,
                                  .lives = {{60.0 * c->redis_fast_hours, 1440.0 * c->redis_slow_days}}};
        if (!open_store(l, &l->store) || !open_store(l, &l->reader)) return false;
        if (relay_open(l->store, &o, &l->relay) != ERR_OK) return fail(l, "furui-learner", err_str(ERR_MEMORY));
    }
    if (!open_course(l)) return false;
    struct intake_limits limits = {.reporter_a_minute = c->reporter_a_minute,
                                   .tenant_a_minute = c->tenant_a_minute,
                                   .unlimited = l->unlimited,
                                   .stream_max = (uint64_t)c->stream_max,
                                   .prefix = c->redis_prefix,
                                   .secret = &l->secret};
    limits.unlimited_count = people(l, c->unlimited_reporters, l->unlimited);
    struct intake_ops ops = {.ctx = l, .answer = on_answer};
    if (intake_open(l->journal, l->store, span_cstr(l->stream_key), &limits, &ops, &l->intake) != ERR_OK)
        return fail(l, "furui-learner", err_str(ERR_MEMORY));
    struct door_parts parts = {&l->live, l->intake, l->relay, l->store, &l->secret, l->course};
    door_init(&l->door, &parts, &(struct door_ops){.ctx = l, .told = on_told});
    return true;
}

static bool start(struct learner *l, bool has_table)
{
    char path[CONFIG_TEXT_MAX + 16];
    config_secret_file(&l->config, path);
    enum err e = secret_load(path, true, &l->secret);
    if (e != ERR_OK) return fail(l, path, e == ERR_SYNTAX ? "holds no 32 hex digits" : strerror(errno));
    if (arena_open(&l->arena, ARENA_BYTES) != ERR_OK) return fail(l, "furui-learner", err_str(ERR_MEMORY));
    l->started_us = clock_us();
    return open_journal(l) && open_live(l) && (!has_table || open_table(l)) && open_streams(l);
}

static void stop_all(struct learner *l)
{
    intake_close(l->intake);
    course_close(l->course);
    relay_close(l->relay);
    store_close(l->store);
    store_close(l->reader);
    journal_close(l->journal);
    if (l->live_is_open) live_close(&l->live);
    publish_close(&l->table);
    arena_close(&l->arena);
    link_close(&l->engine);
    config_close(&l->config);
}

/* --- from the engine ---------------------------------------------------------------------------------------------- */

static void take(struct learner *l, const struct link_record *r)
{
    struct wire_request q;
    char fault[WIRE_FAULT_MAX];
    arena_reset(&l->arena);
    wire_parse_request(r->part[0], &l->arena, &q, fault); /* the worker has read it before; its id is what matters */
    intake_take(l->intake, r->word.job, q.id, r->part[1], &l->live.voices, clock_us());
}

/* All that waits. False when nothing did. */
static bool hear(struct learner *l)
{
    bool heard = false;
    for (;;) {
        struct link_record r;
        enum err e = link_next(&l->engine, &r);
        if (e == ERR_BUSY && (e = link_read(&l->engine)) == ERR_OK) continue;
        if (e == ERR_CLOSED || e == ERR_TOO_BIG) l->alone = true;
        if (e != ERR_OK) break;
        heard = true;
        if (r.word.type == BACKEND_QUIT) l->quitting = true;
        if (r.word.type == BACKEND_JOB) take(l, &r);
        if (r.word.type == BACKEND_ASK) door_hear(&l->door, r.word.job, r.part[0], r.part[1], clock_us());
    }
    if (link_settle(&l->engine) != ERR_OK) abort();
    return heard;
}

/* --- what is known of it ------------------------------------------------------------------------------------------ */

static void beat(struct learner *l, int64_t now_us)
{
    struct intake_stat in;
    struct course_stat c;
    bool news = l->published_us > l->said_us; /* that somebody may wait for */
    if (!news && now_us - l->said_us < (int64_t)l->config.heartbeat_ms * 1000) return;
    intake_stat(l->intake, &in);
    course_stat(l->course, &c);
    struct backend_learner about = {.taken = in.taken,
                                    .again = in.again,
                                    .refused = in.refused,
                                    .limited = in.limited,
                                    .in_journal = in.waiting,
                                    .learnt = l->live.reports - l->live.again,
                                    .published = l->shown,
                                    .unreadable = c.follow.dead,
                                    .samples = l->live.samples,
                                    .for_redis = l->relay ? relay_waiting(l->relay) : 0,
                                    .redis_up = l->store && store_up(l->store),
                                    .frozen = l->live.control.frozen,
                                    .rewinding = c.replays,
                                    .missed_ms = l->live.follow.missed.ms,
                                    .redis_lost = c.lost + c.words_lost};
    struct backend_word word = {.type = BACKEND_BEAT};
    if (link_put(&l->engine, word, span_of(&about, sizeof about), SPAN_NONE) != ERR_OK) abort();
    l->said_us = now_us;
}

/* --- what workers read ----------------------------------------------------------------------------------------------- */

static bool unpublished(const struct learner *l)
{
    return l->published != l->live.learn.version || l->published_frozen != l->live.control.frozen;
}

/* A learner that starts, or goes back, goes through the past again: workers keep what the last one knew until this one has
 * caught up. */
static void publish_when_due(struct learner *l, int64_t now_us)
{
    const struct learn *learn = &l->live.learn;
    struct course_stat c;
    if (!l->table.t || !unpublished(l)) l->shown = l->live.reports - l->live.again;
    if (!l->table.t || !l->reader || !unpublished(l)) return;
    if (now_us - l->published_us < (int64_t)l->config.publish_ms * 1000) return;
    course_stat(l->course, &c);
    if (c.replays) return;
    if (l->published_us == 0 && !c.follow.idle && now_us - l->started_us < CATCH_UP_MS * 1000) return;
    for (uint32_t i = 0; i <= learn->cells.mask; i += PUBLISH_CELLS) {
        float weight[PUBLISH_CELLS];
        for (uint32_t k = 0; k < PUBLISH_CELLS; k++) weight[k] = cells_weight(&learn->cells.cell[i + k]);
        publish_cells(&l->table, i, weight, PUBLISH_CELLS);
    }
    publish_head(&l->table, learn_learnt(learn), l->live.control.frozen, learn_tenants(learn));
    l->published = learn->version;
    l->published_frozen = l->live.control.frozen;
    l->published_us = now_us;
    l->shown = l->live.reports - l->live.again;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

/* False when there was nothing to do. Otherwise another turn is due before a rest: who sends reads as well, and a reply
 * that was read wakes nobody. */
static bool turn(struct learner *l)
{
    uint64_t taken;
    struct store_reply r;
    bool busy = hear(l);
    int64_t now_us = clock_us();
    if (l->store) {
        store_pump(l->store);
        while (store_next(l->store, &r)) {
            if (r.tag & INTAKE_TAG) intake_reply(l->intake, &r, &l->live.voices, now_us);
            if (r.tag & RELAY_TAG) relay_reply(l->relay, &r, now_us);
            if (course_owns(r.tag)) course_reply(l->course, &r, now_us);
            if (r.v[0].kind == STORE_ERROR && span_starts(r.v[0].text, SPAN("OOM"))) course_press(l->course);
            busy = true;
        }
    }
    if (l->store) {
        bool sure = course_taken(l->course, &taken);
        intake_known(l->intake, sure, taken);
    }
    intake_turn(l->intake, now_us);
    /* A read gives FOLLOW_BATCH reports at most: room for all of them. */
    busy = course_turn(l->course, now_us) || busy;
    if (l->relay && course_sure(l->course)) relay_turn(l->relay, now_us);
    door_turn(&l->door, now_us);
    publish_when_due(l, now_us);
    beat(l, now_us);
    if (link_flush(&l->engine) != ERR_OK) l->alone = true;
    return busy;
}

static void rest(const struct learner *l)
{
    int wait_ms = intake_wish_ms(l->intake, clock_us());
    struct pollfd watch[] = {{.fd = l->engine.fd, .events = POLLIN},
                             {.fd = l->store ? store_fd(l->store) : -1, .events = POLLIN},
                             {.fd = l->reader ? store_fd(l->reader) : -1, .events = POLLIN}};
    int most_ms = l->config.heartbeat_ms < TICK_MS ? l->config.heartbeat_ms : TICK_MS;
    if (l->table.t && unpublished(l) && l->config.publish_ms < most_ms) most_ms = l->config.publish_ms;
    if (wait_ms < 0 || wait_ms > most_ms) wait_ms = most_ms;
    poll(watch, sizeof watch / sizeof *watch, wait_ms);
}

static int serve(struct learner *l)
{
    struct intake_stat s;
    if (link_put(&l->engine, (struct backend_word){.type = BACKEND_READY}, SPAN_NONE, SPAN_NONE) != ERR_OK) abort();
    while (!l->alone && !l->quitting && !stop) {
        bool busy = turn(l);
        intake_stat(l->intake, &s);
        if (s.journal_broken) {
            LOG(LEVEL_ERROR, "journal_broken", L_STR("why", strerror(errno)), L_STR("now", "it is opened anew"));
            return EXIT_CANNOT_START;
        }
        if (!busy) rest(l);
    }
    door_leave(&l->door);
    for (int64_t until_us = clock_us() + LAST_MS * 1000; clock_us() < until_us;) {
        intake_stat(l->intake, &s);
        if (course_leave(l->course) && s.unanswered == 0) break;
        if (!turn(l)) poll(NULL, 0, 1);
    }
    return 0;
}

/* --- main --------------------------------------------------------------------------------------------------------- */

static int cannot_start(struct learner *l)
{
    span why = span_head(span_cstr(l->fault), BACKEND_TEXT_MAX);
    if (l->engine.in && link_put(&l->engine, (struct backend_word){.type = BACKEND_FAULT}, why, SPAN_NONE) == ERR_OK)
        link_flush(&l->engine);
    else
        fprintf(stderr, "furui-learner: %s\n", l->fault);
    return EXIT_CANNOT_START;
}

static bool open_link(struct learner *l)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(BACKEND_LEARNER_LINK_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
        snprintf(l->fault, sizeof l->fault, "descriptor %d is no socket of furuid's, which starts it",
                 BACKEND_LEARNER_LINK_FD);
        return false;
    }
    return link_open(&l->engine, BACKEND_LEARNER_LINK_FD, READ_AHEAD, BACKEND_SAID_MAX) == ERR_OK;
}

int main(int argc, char **argv)
{
    static const struct option LONG[] = {{"config", required_argument, NULL, 'c'},
                                         {"live", no_argument, NULL, 'l'},
                                         {"help", no_argument, NULL, 'h'},
                                         {"version", no_argument, NULL, 'v'},
                                         {0}};
    static struct learner l;
    const char *config = NULL;
    bool has_table = false;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (c == 'c') config = optarg;
        if (c == 'l') has_table = true;
        if (c == 'h') fputs(HELP, stdout);
        if (c == 'v') puts("furui-learner " FURUI_VERSION);
        if (c == 'h' || c == 'v') return 0;
        if (c == '?') config = NULL, optind = argc + 1;
    }
    if (!config || optind != argc) {
        fputs("furui-learner: wrong usage; see furui-learner --help\n", stderr);
        return EXIT_USAGE;
    }
    struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    config_init(&l.config);
    int status = EXIT_CANNOT_START;
    if (config_load(&l.config, config, l.fault) != ERR_OK || !open_link(&l)) {
        cannot_start(&l);
    } else {
        log_setup("furui-learner", l.config.log_syslog, l.config.log_json, l.config.log_level);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        status = start(&l, has_table) ? serve(&l) : cannot_start(&l);
    }
    stop_all(&l);
    return status;
}
