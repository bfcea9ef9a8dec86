/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_report: `furui report`: what people say of mails, told to the service.
 *
 * A report is done when the service has it on disk; one that it is too busy for is sent again. Nothing is read of a
 * mail here: also a feedback report goes to the service as it is, where a worker takes it apart. */
#define _GNU_SOURCE
#include "models/corpus/index.h"

#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "proto/cli/mailbox.h"
#include "proto/cli/service.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WINDOW = 64,
    TRIES = 10, /* about ten seconds of patience */
    REST_MS = 50,
    REST_MAX_MS = 2000,
    NOT_KEPT = 1,
    RCPT_MAX = 1000,
};

static const char HELP[] =
    "usage: furui report --spam|--ham|--undo [OPTION…] FILE|DIR|MBOX|-…\n"
    "       furui report --arf [OPTION…] [FILE|DIR|MBOX|-…]\n"
    "       furui report [OPTION…] --index INDEX\n"
    "       furui report --spam|--ham|--undo [OPTION…] --ticket TICKET\n"
    "\n"
    "Tell the service what somebody says of mails, so that it learns. Reports count by how much their reporter is\n"
    "trusted; the same word about the same mail counts once.\n"
    "\n"
    "  --spam, --ham     what these mails are\n"
    "  --undo            take back what this reporter said of them\n"
    "  --arf             the mails are feedback reports (RFC 5965), from files, folders or standard input: a mail "
    "alias\n"
    "                    can pipe into it\n"
    "  --index INDEX     the mails that an index names, each with its label\n"
    "  --ticket TICKET   of a verdict, in place of a mail: moves the reputation of its names, learns no words\n"
    "  --reporter R      who says so, always the same for the same person (default: the gateway itself)\n"
    "  --tenant T  --client-ip IP  --mail-from ADDRESS  --rcpt-to ADDRESS (may be repeated)  --dkim-domain D\n"
    "  --spf, --dkim, --dmarc, --arc RESULT\n"
    "                    what was known of the mails when they came\n"
    "  --json            a JSON object a mail\n"
    "  --endpoint E      tcp://HOST:PORT or ipc://PATH; default: as 'furui scan'\n"
    "  --deadline MS     patience for one report (30000)\n"
    "\n"
    "exit status: 0 every report is kept; 1 at least one is not, and a line says why; 64 wrong usage; 66 no mail "
    "there;\n"
    "69 no service answers\n"
    "\n"
    "examples: furui report --spam --reporter hana@example.org ~/Maildir/.Junk\n"
    "          abuse: \"|furui report --arf\"            (in /etc/aliases)\n";

/* One report that is under way or rests. */
struct slot {
    bool used, resting;
    char *name; /* owned: of the mail, for messages */
    uint8_t *bytes;
    size_t n;
    enum furui_say says;
    int tries;
    int64_t wake_us;
};

struct tell {
    struct service service;
    struct furui_request request;
    struct furui_report report;
    const char *rcpt[RCPT_MAX];
    bool json, says_given;
    const char *index;
    struct slot slot[WINDOW];
    size_t busy; /* slots in use */
    uint64_t kept, again, journal, failed;
    struct progress progress;
};

/* --- one report --------------------------------------------------------------------------------------------------- */

static void release(struct tell *t, struct slot *s)
{
    free(s->name);
    free(s->bytes);
    *s = (struct slot){.used = false};
    t->busy--;
}

static void complain(struct tell *t, const char *name, const char *why, const char *detail)
{
    t->failed++;
    progress_hide(&t->progress);
    if (t->json) return;
    fprintf(stderr, "furui report: ");
    cli_print(stderr, span_cstr(name));
    fprintf(stderr, ": %s%s", why, *detail ? ": " : "");
    cli_print(stderr, span_cstr(detail));
    fputc('\n', stderr);
}

static void print_json(const char *name, const char *state, const char *detail, const char *ticket, bool again)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "mail", span_cstr(name));
    json_str(&j, "state", span_cstr(state));
    if (*detail) json_str(&j, "detail", span_cstr(detail));
    if (*ticket) json_str(&j, "ticket", span_cstr(ticket));
    if (again) json_bool(&j, "again", true);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static void send(struct tell *t, struct slot *s)
{
    t->request.tag = s;
    t->report.says = s->says;
    enum furui_status e = furui_client_report(t->service.client, &t->report, s->bytes, s->n, &t->request, NULL);
    s->resting = false;
    if (e == FURUI_OK) return;
    complain(t, s->name, "not sent", furui_strerror(e));
    if (t->json) print_json(s->name, "not sent", furui_strerror(e), "", false);
    release(t, s);
}

static void on_answer(struct tell *t, const struct furui_answer *a)
{
    struct slot *s = a->tag;
    if (a->type == FURUI_REPORTED) {
        t->kept++;
        t->again += a->again;
        t->journal += a->journal_only;
        if (t->json) print_json(s->name, a->journal_only ? "journal" : "stream", "", a->ticket, a->again);
        release(t, s);
        return;
    }
    const char *why = a->type == FURUI_REFUSAL ? furui_refusal_name(a->why) : "not understood";
    if (a->type == FURUI_REFUSAL && (a->why == FURUI_BUSY || a->why == FURUI_LATE) && s->tries < TRIES) {
        int64_t ms = (int64_t)REST_MS << s->tries++;
        s->wake_us = clock_us() + (ms < REST_MAX_MS ? ms : REST_MAX_MS) * 1000;
        s->resting = true;
        return;
    }
    complain(t, s->name, why, a->detail);
    if (t->json) print_json(s->name, why, a->detail, "", false);
    release(t, s);
}

/* Let answers come in until at most `most` reports are under way. */
static void wait_for(struct tell *t, size_t most)
{
    while (t->busy > most) {
        struct furui_answer a;
        int64_t now_us = clock_us();
        for (size_t i = 0; i < WINDOW; i++)
            if (t->slot[i].used && t->slot[i].resting && t->slot[i].wake_us <= now_us) send(t, &t->slot[i]);
        if (furui_client_in_flight(t->service.client) == 0) usleep(REST_MS * 1000);
        while (furui_client_poll(t->service.client, 20, &a) == 1) on_answer(t, &a);
        progress_at(&t->progress, t->kept + t->failed);
    }
}

/* Takes over `bytes`. */
static void add(struct tell *t, const char *path, size_t number, uint8_t *bytes, size_t n, enum furui_say says)
{
    wait_for(t, WINDOW - 1);
    size_t i = 0;
    while (t->slot[i].used) i++;
    struct slot *s = &t->slot[i];
    *s = (struct slot){.used = true, .bytes = bytes, .n = n, .says = says};
    if (number == 0 ? asprintf(&s->name, "%s", path) < 0 : asprintf(&s->name, "%s:%zu", path, number) < 0) abort();
    t->busy++;
    send(t, s);
}

/* --- where mails come from ---------------------------------------------------------------------------------------- */

static bool from_places(struct tell *t, char **paths, int n)
{
    static char *const STANDARD_INPUT[] = {"-"};
    struct listing files = {0};
    struct mailbox box;
    struct mailbox_mail mail;
    if (n == 0) paths = (char **)STANDARD_INPUT, n = 1;
    for (int i = 0; i < n; i++) listing_add(&files, paths[i]);
    mailbox_open(&box, &files);
    for (enum mailbox_got got; (got = mailbox_next(&box, &mail)) != MAILBOX_END;) {
        if (got == MAILBOX_MAIL) {
            add(t, mail.path, mail.number, mail.bytes, mail.n, t->report.says);
            continue;
        }
        complain(t, mail.path, "cannot be read", mail.fault);
        if (t->json) print_json(mail.path, "unreadable", mail.fault, "", false);
    }
    wait_for(t, 0);
    bool any = files.n > 0;
    mailbox_close(&box);
    listing_close(&files);
    return any;
}

static bool from_index(struct tell *t)
{
    char fault[INDEX_FAULT_BYTES];
    struct mail_index x;
    struct mail_buf b = {0};
    span mail;
    if (index_open(t->index, &x, fault) != ERR_OK) {
        cli_fail(CLI_NO_INPUT, "report", "%s", fault);
        return false;
    }
    t->progress.total = x.n;
    for (size_t i = 0; i < x.n; i++) {
        const struct index_entry *e = &x.entry[i];
        if (index_read(&x, e, &b, MAILBOX_MAIL_MAX, &mail, fault) != ERR_OK) {
            complain(t, e->path, "cannot be read", fault);
            continue;
        }
        uint8_t *copy = malloc(mail.n + 1);
        if (!copy) abort();
        if (mail.n) memcpy(copy, mail.p, mail.n);
        enum furui_say label = e->spam ? FURUI_SAY_SPAM : FURUI_SAY_HAM;
        add(t, e->path, 0, copy, mail.n, t->says_given ? t->report.says : label);
    }
    wait_for(t, 0);
    mail_buf_close(&b);
    index_close(&x);
    return true;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

enum option_id {
    SPAM = 256,
    HAM,
    UNDO,
    ARF,
    INDEX,
    TICKET,
    REPORTER,
    TENANT,
    CLIENT_IP,
    MAIL_FROM,
    RCPT_TO,
    SPF,
    DKIM,
    DMARC,
    ARC,
    DKIM_DOMAIN,
    JSON,
    ENDPOINT,
    DEADLINE
};

static const struct option LONG[] = {{"spam", no_argument, NULL, SPAM},
                                     {"ham", no_argument, NULL, HAM},
                                     {"undo", no_argument, NULL, UNDO},
                                     {"arf", no_argument, NULL, ARF},
                                     {"index", required_argument, NULL, INDEX},
                                     {"ticket", required_argument, NULL, TICKET},
                                     {"reporter", required_argument, NULL, REPORTER},
                                     {"tenant", required_argument, NULL, TENANT},
                                     {"client-ip", required_argument, NULL, CLIENT_IP},
                                     {"mail-from", required_argument, NULL, MAIL_FROM},
                                     {"rcpt-to", required_argument, NULL, RCPT_TO},
                                     {"spf", required_argument, NULL, SPF},
                                     {"dkim", required_argument, NULL, DKIM},
                                     {"dmarc", required_argument, NULL, DMARC},
                                     {"arc", required_argument, NULL, ARC},
                                     {"dkim-domain", required_argument, NULL, DKIM_DOMAIN},
                                     {"json", no_argument, NULL, JSON},
                                     {"endpoint", required_argument, NULL, ENDPOINT},
                                     {"deadline", required_argument, NULL, DEADLINE},
                                     {0}};

static int read_options(struct tell *t, int argc, char **argv, struct furui_options *o, const char **endpoint_out)
{
    static const enum furui_say SAYS[] = {FURUI_SAY_SPAM, FURUI_SAY_HAM, FURUI_SAY_UNDO, FURUI_SAY_ARF};
    struct furui_request *r = &t->request;
    long n;
    r->rcpt_to = t->rcpt;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case SPAM:
        case HAM:
        case UNDO:
        case ARF:
            if (t->says_given && t->report.says != SAYS[c - SPAM])
                return cli_fail(CLI_USAGE, "report", "one of --spam, --ham, --undo and --arf, not two");
            t->report.says = SAYS[c - SPAM];
            t->says_given = true;
            break;
        case INDEX: t->index = optarg; break;
        case TICKET: t->report.ticket = optarg; break;
        case REPORTER: t->report.reporter = optarg; break;
        case TENANT: r->tenant = optarg; break;
        case CLIENT_IP: r->client_ip = optarg; break;
        case MAIL_FROM: r->mail_from = optarg; break;
        case RCPT_TO:
            if (r->rcpt_count == RCPT_MAX) return cli_fail(CLI_USAGE, "report", "--rcpt-to: more than %d", RCPT_MAX);
            t->rcpt[r->rcpt_count++] = optarg;
            break;
        case SPF: r->spf = optarg; break;
        case DKIM: r->dkim = optarg; break;
        case DMARC: r->dmarc = optarg; break;
        case ARC: r->arc = optarg; break;
        case DKIM_DOMAIN: r->dkim_domain = optarg; break;
        case JSON: t->json = true; break;
        case ENDPOINT: *endpoint_out = optarg; break;
        case DEADLINE:
            if (!cli_number("report", "--deadline", optarg, 1, 3600000, &n)) return CLI_USAGE;
            o->deadline_ms = (int)n;
            break;
        default: return cli_usage("report");
        }
    }
    bool arf = t->says_given && t->report.says == FURUI_SAY_ARF, places = optind < argc;
    const char *wrong = NULL;
    if (!t->says_given && !t->index) wrong = "say --spam, --ham, --undo or --arf";
    if (t->report.ticket && (places || t->index || arf)) wrong = "--ticket stands in place of a mail";
    if (t->index && places) wrong = "--index names the mails: no others beside it";
    if (!places && !t->index && !t->report.ticket && !arf)
        wrong = "name a file, a directory, an mbox, or - for standard input";
    if (!wrong) return CLI_OK;
    cli_fail(CLI_USAGE, "report", "%s", wrong);
    return cli_usage("report");
}

static int report_run(int argc, char **argv)
{
    static struct tell t;
    struct furui_options o = {.in_flight_max = WINDOW};
    const char *endpoint = NULL;
    int status = read_options(&t, argc, argv, &o, &endpoint);
    if (status != CLI_OK) return status;
    status = service_open(&t.service, "report", endpoint, &o);
    if (status != CLI_OK) return status;
    progress_start(&t.progress, "report", 0);
    bool any = true;
    if (t.report.ticket) {
        add(&t, t.report.ticket, 0, NULL, 0, t.report.says);
        wait_for(&t, 0);
    } else {
        any = t.index ? from_index(&t) : from_places(&t, argv + optind, argc - optind);
    }
    progress_end(&t.progress);
    service_close(&t.service);
    if (!any) return CLI_NO_INPUT;
    if (!t.json && t.kept) {
        printf("%llu kept", (unsigned long long)t.kept);
        if (t.again) printf(", %llu of them said before", (unsigned long long)t.again);
        if (t.journal) printf(", %llu on this host only until Redis is back", (unsigned long long)t.journal);
        putchar('\n');
    }
    return t.failed ? NOT_KEPT : CLI_OK;
}

const struct verb verb_report = {
    .name = "report", .summary = "tell the service that mails are spam, or are not", .help = HELP, .run = report_run};
