/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_rollout: `furui model push|rollback|history`: which model a running service uses, and which it used.
 *
 * The bundle is verified here first, so that what is wrong with it is said at once; furuid believes none of that. */
#define _GNU_SOURCE
#include "models/commands.h"
#include "proto/base/json.h"
#include "proto/cli/operator.h"
#include "worker/score/model.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAILS_DEFAULT = 1000, FLIPS_DEFAULT_PPM = 50000, ASK_EVERY_MS = 500, MANIFEST_MAX = 1024 };

struct wish {
    struct operator_options o;
    uint32_t share_ppm, max_flips_ppm;
    long mails;
    bool wait, shadow_options;
};

/* A share from "10%" or "0.1", in millionths. */
static bool read_share(const char *option, const char *text, uint32_t *ppm_out)
{
    char *end;
    double x = strtod(text, &end);
    bool percent = *end == '%';
    if (percent) x /= 100;
    if (end == text || end[percent] || !(x >= 0 && x <= 1)) {
        cli_fail(CLI_USAGE, "model", "%s: '%s' is no share; write 5%% or 0.05", option, text);
        return false;
    }
    *ppm_out = (uint32_t)(x * ADMIN_PPM + 0.5);
    return true;
}

static bool read_options(int argc, char **argv, struct wish *w)
{
    enum { SHADOW = 256, MAILS, FLIPS, WAIT };
    static const struct option OPTIONS[] = {{"shadow", required_argument, NULL, SHADOW},
                                            {"mails", required_argument, NULL, MAILS},
                                            {"max-flips", required_argument, NULL, FLIPS},
                                            {"wait", no_argument, NULL, WAIT},
                                            OPERATOR_WHERE_LONG,
                                            OPERATOR_WHO_LONG,
                                            {0}};
    *w = (struct wish){.mails = MAILS_DEFAULT, .max_flips_ppm = FLIPS_DEFAULT_PPM};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        switch (c) {
        case SHADOW:
            if (!read_share("--shadow", optarg, &w->share_ppm)) return false;
            if (w->share_ppm == 0) {
                cli_fail(CLI_USAGE, "model", "--shadow: a share above 0 is wanted");
                return false;
            }
            break;
        case MAILS:
            if (!cli_number("model", "--mails", optarg, 1, 1000000000, &w->mails)) return false;
            w->shadow_options = true;
            break;
        case FLIPS:
            if (!read_share("--max-flips", optarg, &w->max_flips_ppm)) return false;
            w->shadow_options = true;
            break;
        case WAIT: w->wait = w->shadow_options = true; break;
        default:
            if (!operator_option(&w->o, "model", c, optarg)) return false;
        }
    }
    if (!w->shadow_options || w->share_ppm) return true;
    cli_fail(CLI_USAGE, "model", "--mails, --max-flips and --wait are of a --shadow");
    return false;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static int print_answer(const struct pairs *answer, bool json, const char *was)
{
    char status[16], id[ADMIN_ID_MAX], why[ADMIN_WHY_MAX], number[24], warning[ADMIN_WHY_MAX];
    if (!operator_said(answer, "status", status, sizeof status) || !operator_said(answer, "id", id, sizeof id) ||
        !operator_said(answer, "why", why, sizeof why) || !operator_said(answer, "number", number, sizeof number) ||
        !operator_said(answer, "warning", warning, sizeof warning))
        return cli_fail(CLI_IO, "model", "the answer cannot be read");
    if (warning[0]) cli_fail(0, "model", "warning: %s", warning);
    if (json) {
        struct json j;
        json_init(&j);
        json_open_object(&j, NULL);
        json_str(&j, "status", span_cstr(status));
        uint64_t n;
        if (pairs_number(span_cstr(number), &n)) json_uint(&j, "number", n);
        json_str(&j, "serves", span_cstr(id));
        json_str(&j, "why", span_cstr(why));
        json_close_object(&j);
        puts(j.buf);
        json_close(&j);
        return CLI_OK;
    }
    printf("%s: ", strcmp(status, "shadow") == 0 ? "in shadow" : was);
    cli_print(stdout, span_cstr(why));
    printf("\nserves: %s\n", id);
    return CLI_OK;
}

/* --- history ------------------------------------------------------------------------------------------------------ */

struct row {
    uint64_t number, kept, size, uid, pushed, since;
    char state[16], id[ADMIN_ID_MAX], by[ADMIN_BY_MAX], name[ADMIN_NAME_MAX], note[ADMIN_NOTE_MAX], why[ADMIN_WHY_MAX];
    char manifest[MANIFEST_MAX];
};

/* The next record of an answer; false at its end. */
static bool next_row(span *rest, struct row *r)
{
    const struct {
        const char *key;
        uint64_t *number;
        char *text;
        size_t cap;
    } PLACES[] = {
        {"number", &r->number, NULL, 0},
        {"kept", &r->kept, NULL, 0},
        {"size", &r->size, NULL, 0},
        {"uid", &r->uid, NULL, 0},
        {"pushed", &r->pushed, NULL, 0},
        {"since", &r->since, NULL, 0},
        {"state", NULL, r->state, sizeof r->state},
        {"id", NULL, r->id, sizeof r->id},
        {"by", NULL, r->by, sizeof r->by},
        {"name", NULL, r->name, sizeof r->name},
        {"note", NULL, r->note, sizeof r->note},
        {"why", NULL, r->why, sizeof r->why},
        {"manifest", NULL, r->manifest, sizeof r->manifest},
    };
    span key, value;
    *r = (struct row){0};
    while (pairs_next(rest, &key, &value)) {
        if (key.n == 0) return true;
        for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
            if (!span_eq(key, span_cstr(PLACES[i].key))) continue;
            if (PLACES[i].number)
                pairs_number(value, PLACES[i].number);
            else
                pairs_text(value, PLACES[i].text, PLACES[i].cap);
        }
    }
    return false;
}

static bool skip_head(span *rest)
{
    span key, value;
    while (pairs_next(rest, &key, &value))
        if (key.n == 0) return true;
    return false;
}

static bool manifest_next(span *rest, span *key_out, span *value_out)
{
    return pairs_next(rest, key_out, value_out) && key_out->n;
}

static void when(uint64_t s, char between, char out[32])
{
    time_t t = (time_t)s;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M:%SZ", &tm) == 0)
        snprintf(out, 32, "?");
    else
        out[strcspn(out, " ")] = between;
}

/* From what data, in a line: what of the manifest tells mails and sources apart. */
static void print_data(const char *manifest)
{
    static const char *const KEYS[] = {"mails.ham", "mails.spam", "sources", "corpus"};
    static const char *const BEFORE[] = {"", ", ", ", ", ", corpus "}, *const BEHIND[] = {" ham", " spam", " sources",
                                                                                          ""};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        span rest = span_cstr(manifest), key, value;
        while (manifest_next(&rest, &key, &value)) {
            if (!span_eq(key, span_cstr(KEYS[i]))) continue;
            fputs(BEFORE[i], stdout);
            cli_print(stdout, value);
            fputs(span_eq(value, SPAN("1")) && i == 2 ? " source" : BEHIND[i], stdout);
        }
    }
}

static void print_line(const char *name, const char *text)
{
    if (!text[0]) return;
    printf("     %-6s ", name);
    cli_print(stdout, span_cstr(text));
    putchar('\n');
}

static void print_row(const struct row *r)
{
    char pushed[32], since[32];
    when(r->pushed, ' ', pushed);
    when(r->since, ' ', since);
    printf("%4" PRIu64 " %-9s %-16s  %s  by ", r->number, r->state, r->id[0] ? r->id : "-", pushed);
    cli_print(stdout, span_cstr(r->by[0] ? r->by : "-"));
    printf(" (uid %" PRIu64 ")\n     file   ", r->uid);
    cli_print(stdout, span_cstr(r->name));
    printf("%s\n", r->kept ? "" : ", not kept");
    if (r->manifest[0]) {
        fputs("     data   ", stdout);
        print_data(r->manifest);
        putchar('\n');
    }
    print_line("note", r->note);
    printf("     since  %s: ", since);
    cli_print(stdout, span_cstr(r->why));
    putchar('\n');
}

static void row_json(struct json *j, const struct row *r)
{
    char text[32];
    json_open_object(j, NULL);
    json_uint(j, "number", r->number);
    json_str(j, "state", span_cstr(r->state));
    json_str(j, "id", span_cstr(r->id));
    json_bool(j, "kept", r->kept != 0);
    json_uint(j, "size", r->size);
    json_str(j, "by", span_cstr(r->by));
    json_uint(j, "uid", r->uid);
    when(r->pushed, 'T', text);
    json_str(j, "pushed", span_cstr(text));
    when(r->since, 'T', text);
    json_str(j, "since", span_cstr(text));
    json_str(j, "name", span_cstr(r->name));
    json_str(j, "note", span_cstr(r->note));
    json_str(j, "why", span_cstr(r->why));
    json_open_object(j, "manifest");
    span rest = span_cstr(r->manifest), key, value;
    while (manifest_next(&rest, &key, &value)) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", SPAN_ARG(span_head(key, sizeof name - 1)));
        json_str(j, name, value);
    }
    json_close_object(j);
    json_close_object(j);
}

static int ask_history(const struct operator_door *d, struct pairs *answer)
{
    struct pairs f = {0};
    pairs_put(&f, "do", "history");
    return operator_ask(d, "model", &f, -1, answer);
}

static int history(const struct operator_door *d, bool json)
{
    struct pairs answer;
    char id[ADMIN_ID_MAX], configured[CONFIG_TEXT_MAX];
    int status = ask_history(d, &answer);
    if (status != CLI_OK) return status;
    operator_said(&answer, "id", id, sizeof id);
    operator_said(&answer, "configured", configured, sizeof configured);
    span rest = span_of(answer.p, answer.n);
    struct row r;
    bool rows = skip_head(&rest);
    if (json) {
        struct json j;
        json_init(&j);
        json_open_object(&j, NULL);
        json_str(&j, "serves", span_cstr(id));
        if (configured[0]) json_str(&j, "configured", span_cstr(configured));
        json_open_array(&j, "history");
        while (rows && next_row(&rest, &r)) row_json(&j, &r);
        json_close_array(&j);
        json_close_object(&j);
        puts(j.buf);
        json_close(&j);
    } else {
        printf("serves %s", id);
        if (configured[0]) fputs(", as configured: ", stdout);
        cli_print(stdout, span_cstr(configured));
        putchar('\n');
        while (rows && next_row(&rest, &r)) print_row(&r);
    }
    pairs_close(&answer);
    return CLI_OK;
}

/* --- push and rollback -------------------------------------------------------------------------------------------- */

/* Until the shadow of row `number` has been judged. */
static int wait_for(const struct operator_door *d, uint64_t number)
{
    for (;;) {
        struct pairs answer;
        struct row r;
        int status = ask_history(d, &answer);
        if (status != CLI_OK) return status;
        span rest = span_of(answer.p, answer.n);
        bool found = false;
        for (bool rows = skip_head(&rest); rows && !found && next_row(&rest, &r);) found = r.number == number;
        pairs_close(&answer);
        if (!found) return cli_fail(OPERATOR_REFUSED, "model", "the history no longer knows number %" PRIu64, number);
        if (strcmp(r.state, "refused") == 0) return cli_fail(OPERATOR_REFUSED, "model", "rolled back: %s", r.why);
        if (strcmp(r.state, "shadow") != 0 && strcmp(r.state, "candidate") != 0) {
            printf("promoted: ");
            cli_print(stdout, span_cstr(r.why));
            putchar('\n');
            return CLI_OK;
        }
        nanosleep(&(struct timespec){.tv_nsec = ASK_EVERY_MS * 1000000L}, NULL);
    }
}

static int push(const struct operator_door *d, const struct wish *w, const char *path)
{
    struct model *m;
    char fault[MODEL_FAULT_MAX], text[24];
    enum err e = model_open(path, &m, fault);
    if (e) return cli_fail(e == ERR_IO ? CLI_NO_INPUT : COMMANDS_BAD_DATA, "model", "%s", fault);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        model_close(m);
        return cli_fail(CLI_NO_INPUT, "model", "%s: %s", path, strerror(errno));
    }
    struct pairs f = {0}, answer;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    pairs_put(&f, "do", "push");
    pairs_put(&f, "id", model_id(m));
    if (strlen(name) < ADMIN_NAME_MAX) pairs_put(&f, "name", name);
    if (w->share_ppm) {
        pairs_put_number(&f, "share_ppm", w->share_ppm);
        pairs_put_number(&f, "mails", (uint64_t)w->mails);
        pairs_put_number(&f, "max_flips_ppm", w->max_flips_ppm);
    }
    operator_put_who(&f, &w->o);
    model_close(m);
    int status = operator_ask(d, "model", &f, fd, &answer);
    close(fd);
    if (status != CLI_OK) return status;
    uint64_t number = 0;
    status = print_answer(&answer, w->o.json, "promoted");
    if (status == CLI_OK && operator_said(&answer, "number", text, sizeof text)) pairs_number(span_cstr(text), &number);
    pairs_close(&answer);
    fflush(stdout);
    return status == CLI_OK && w->wait ? wait_for(d, number) : status;
}

static int rollback(const struct operator_door *d, const struct wish *w)
{
    struct pairs f = {0}, answer;
    pairs_put(&f, "do", "rollback");
    operator_put_who(&f, &w->o);
    int status = operator_ask(d, "model", &f, -1, &answer);
    if (status != CLI_OK) return status;
    status = print_answer(&answer, w->o.json, "done");
    pairs_close(&answer);
    return status;
}

/* Read the options; then, with `arguments` beside them, find the service. */
static int begin(int argc, char **argv, const char *verb, int arguments, struct wish *w, struct operator_door *d)
{
    if (!read_options(argc, argv, w)) return cli_usage(verb);
    if (argc - optind == arguments) {
        int status = operator_find(d, "model", &w->o);
        d->tells = "furui model history";
        return status;
    }
    cli_fail(CLI_USAGE, verb, "wants %s", arguments ? "one bundle" : "no argument but options");
    return cli_usage(verb);
}

static int run_push(int argc, char **argv)
{
    struct wish w;
    struct operator_door d;
    int status = begin(argc, argv, "model push", 1, &w, &d);
    return status ? status : push(&d, &w, argv[optind]);
}

static int run_rollback(int argc, char **argv)
{
    struct wish w;
    struct operator_door d;
    int status = begin(argc, argv, "model rollback", 0, &w, &d);
    return status ? status : rollback(&d, &w);
}

static int run_history(int argc, char **argv)
{
    struct wish w;
    struct operator_door d;
    int status = begin(argc, argv, "model history", 0, &w, &d);
    return status ? status : history(&d, w.o.json);
}

#define STATUS                                                                                                        \
    "\nAs furuid's own user, or root. Exit status: 0 done, 1 the service refused it, or rolled it back,\n"            \
    "64 wrong usage, 65 a bundle that is damaged or of another version, 66 one that cannot be read, 69 no service,\n" \
    "75 the service is busy with another roll-out.\n"

const struct verb verb_model_push = {
    .name = "push",
    .summary = "have the running service use this bundle",
    .help = "usage: furui model push BUNDLE [--shadow SHARE [--mails N] [--max-flips P%] [--wait]]\n"
            "                              [--by WHO] [--note TEXT]\n"
            "\n"
            "Has the running service use this bundle: verified, copied, loaded by one worker, then by all; no mail\n"
            "waits and none is lost. Returns when all workers have it.\n"
            "      --shadow SHARE    first score this share of the mails with it as well (10% or 0.1). Verdicts stay\n"
            "                        the serving model's; flips between ham, unsure and spam are counted: 'furui "
            "stat'\n"
            "      --mails N         so many of them decide; what furui scan sends does not count (1000)\n"
            "      --max-flips P%    at most so many may flip: then it serves, else it goes. It goes earlier when\n"
            "                        the share is beyond this all but surely (5%)\n"
            "      --wait            return when that is decided\n" OPERATOR_WHO_HELP OPERATOR_WHERE_HELP STATUS "\n"
            "example: furui model push new.bundle --shadow 10% --mails 5000 --max-flips 2% --note \"november\"\n",
    .run = run_push,
};

const struct verb verb_model_rollback = {
    .name = "rollback",
    .summary = "back to the bundle that served before; or take the one in shadow out",
    .help = "usage: furui model rollback [--by WHO] [--note TEXT]\n"
            "\n"
            "Back to the bundle that served before; while one is in shadow: that one is taken out.\n" OPERATOR_WHO_HELP
                OPERATOR_WHERE_HELP STATUS "\n"
            "example: furui model rollback --note \"too many flips at noon\"\n",
    .run = run_rollback,
};

const struct verb verb_model_history = {
    .name = "history",
    .summary = "the bundles that were pushed",
    .help = "usage: furui model history [--json]\n"
            "\n"
            "The bundles that were pushed: what became of each, when, by whom, from what data, and "
            "why.\n" OPERATOR_WHERE_HELP STATUS "\n"
            "example: furui model history --json\n",
    .run = run_history,
};
