/* SPDX-License-Identifier: Apache-2.0 */
/* scan: mails from files through the service, verdicts out in the order in which the mails came in.
 *
 * A window of mails slides over the input: those at its end are being judged, those at its front wait to be printed
 * behind a slower one. A refusal "busy" makes the window narrower and the mail rest before it is sent again; each
 * verdict widens it by one (RFC 5681 does so for TCP). */
#include "proto/cli/cli.h"
#include "proto/cli/mailbox.h"
#include "proto/cli/report.h"
#include "proto/cli/service.h"

#include "proto/base/clock.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WINDOW = 256,             /* mails read and not yet printed */
    WINDOW_BYTES = 256 << 20, /* of their bytes; one mail may always be read */
    RCPT_MAX = 1000,
    BUSY_TRIES = 10, /* about ten seconds of patience */
    REST_MS = 50,    /* after the first refusal; doubles */
    REST_MAX_MS = 2000,
    COLUMN_MAX = 60,
    SPAM_FOUND = 1,
    NO_VERDICT = 2,
};

static const char HELP[] =
    "usage: furui scan [OPTION…] FILE|DIR|MBOX|-…\n"
    "\n"
    "Ask the service about mails; print a line for each: path, class, probability of spam, action.\n"
    "A file is a mail, or an mbox when it begins with \"From \" (then PATH:NUMBER). A directory stands for all files\n"
    "below it in order of their names, a Maildir for its messages; - is standard input.\n"
    "\n"
    "  --explain         the reasons that weigh most, oddities and part scores below each line\n"
    "  --json            a JSON object a line; mails without a verdict too\n"
    "  --endpoint E      tcp://HOST:PORT or ipc://PATH; default: $FURUI_ENDPOINT, else the socket in the default\n"
    "                    state directory, else tcp://127.0.0.1:7711\n"
    "  --deadline MS     patience for one mail (30000)\n"
    "  --mail-mb N       megabytes of one mail, at most (64); no more than the service's own mail_mb helps\n"
    "  --count           let these mails count in reputation, as a gateway's do; else a scan leaves no trace\n"
    "\n"
    "what a gateway would know about the mails:\n"
    "  --tenant T  --client-ip IP  --helo NAME  --mail-from ADDRESS  --rcpt-to ADDRESS (may be repeated)\n"
    "  --auth-user USER  --outbound  --spf, --dkim, --dmarc, --arc RESULT  --dkim-domain D\n"
    "\n"
    "A mail that the service is too busy for is sent again, for about ten seconds. A file that cannot be read is\n"
    "named on standard error and does not stop the others.\n"
    "\n"
    "exit status: 0 every mail has a verdict, none is spam; 1 at least one is spam; 2 at least one has no verdict;\n"
    "64 wrong usage; 69 no service answers\n"
    "\n"
    "example: furui scan --explain ~/Maildir/.Junk inbox.mbox\n";

enum slot_state {
    SLOT_FLYING,  /* sent */
    SLOT_RESTING, /* refused as busy; goes again at wake_us */
    SLOT_DONE,    /* its text can be printed */
};

struct slot {
    enum slot_state state;
    struct report_name name;
    uint8_t *bytes; /* owned; NULL when done */
    size_t n;
    int tries;
    int64_t sent_us, wake_us;
    char *text; /* owned; what is to be printed when its turn comes */
    size_t text_n;
    bool complaint; /* the text belongs on standard error */
};

struct scan {
    struct service service;
    struct report_style style;
    struct furui_request request;
    const char *rcpt[RCPT_MAX];
    struct listing files;
    struct mailbox box;
    struct slot slot[WINDOW]; /* mail number i is slot[i % WINDOW] */
    size_t head, tail;        /* [head, tail) are in the window */
    size_t width;             /* how many may fly at once, now */
    int64_t narrowed_us;      /* when that was last made less */
    size_t flying, resting;
    size_t held_bytes;
    bool end;        /* nothing more is read */
    bool gone;       /* the service stopped answering */
    bool spam, none; /* what was seen, for the exit status */
    int64_t heard_us;
    uint64_t listed_bytes; /* of all files, for the progress bar */
    struct progress progress;
};

/* --- one mail ----------------------------------------------------------------------------------------------------- */

static void slot_done(struct scan *s, struct slot *m)
{
    if (m->bytes) s->held_bytes -= m->n;
    free(m->bytes);
    m->bytes = NULL;
    m->state = SLOT_DONE;
}

static FILE *slot_text(struct slot *m)
{
    FILE *to = open_memstream(&m->text, &m->text_n);
    assert(to && "out of memory");
    return to;
}

static void slot_fault(struct scan *s, struct slot *m, const char *fault)
{
    FILE *to = slot_text(m);
    report_fault(to, &s->style, m->name, fault);
    fclose(to);
    m->complaint = !s->style.json;
    s->none = true;
    slot_done(s, m);
}

static void slot_refused(struct scan *s, struct slot *m, const char *why, const char *detail)
{
    FILE *to = slot_text(m);
    report_refusal(to, &s->style, m->name, why, detail);
    fclose(to);
    m->complaint = !s->style.json;
    s->none = true;
    slot_done(s, m);
}

static void slot_send(struct scan *s, struct slot *m)
{
    s->request.tag = m;
    enum furui_status e = furui_client_submit(s->service.client, m->bytes, m->n, &s->request, NULL);
    if (e != FURUI_OK) {
        slot_refused(s, m, e == FURUI_TOO_LARGE ? "too_big" : "not sent", furui_strerror(e));
        return;
    }
    m->state = SLOT_FLYING;
    m->sent_us = clock_us();
    s->flying++;
}

/* Rest before the next try: twice as long each time, and up to half as long again, so that many scans do not come back
 * together. */
static void slot_rest(struct scan *s, struct slot *m)
{
    int64_t ms = (int64_t)REST_MS << m->tries++;
    if (ms > REST_MAX_MS) ms = REST_MAX_MS;
    ms += (int64_t)(random() % (ms / 2 + 1));
    int64_t now_us = clock_us();
    m->wake_us = now_us + ms * 1000;
    m->state = SLOT_RESTING;
    s->resting++;
    if (m->sent_us <= s->narrowed_us) return; /* sent before we knew: says nothing new */
    s->narrowed_us = now_us;
    if (s->width > 1) s->width /= 2;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void on_verdict(struct scan *s, struct slot *m, const struct furui_verdict *v)
{
    FILE *to = slot_text(m);
    report_verdict(to, &s->style, m->name, v);
    fclose(to);
    if (v->klass == FURUI_SPAM) s->spam = true;
    if (s->width < WINDOW) s->width++;
    slot_done(s, m);
}

static void on_refusal(struct scan *s, struct slot *m, enum furui_refusal why, const char *detail)
{
    if (why == FURUI_BUSY && m->tries < BUSY_TRIES) {
        slot_rest(s, m);
        return;
    }
    /* Nobody was heard of since this mail was sent: what would come after it would fare no better. */
    if (why == FURUI_UNANSWERED && s->heard_us < m->sent_us) s->gone = s->end = true;
    slot_refused(s, m, furui_refusal_name(why), detail);
}

static void on_answer(struct scan *s, const struct furui_answer *a)
{
    struct slot *m = a->tag;
    s->flying--;
    bool heard = a->type != FURUI_REFUSAL || a->why != FURUI_UNANSWERED;
    if (a->type == FURUI_VERDICT)
        on_verdict(s, m, &a->verdict);
    else if (a->type == FURUI_REFUSAL)
        on_refusal(s, m, a->why, a->detail);
    else
        slot_refused(s, m, "not understood", "the answer is no verdict");
    if (heard) s->heard_us = clock_us();
}

/* --- the window --------------------------------------------------------------------------------------------------- */

/* Read the next mail into the window. */
static void read_mail(struct scan *s)
{
    struct mailbox_mail mail;
    enum mailbox_got got = mailbox_next(&s->box, &mail);
    if (got == MAILBOX_END) {
        s->end = true;
        return;
    }
    struct slot *m = &s->slot[s->tail++ % WINDOW];
    *m = (struct slot){.name = {mail.path, mail.number}, .bytes = mail.bytes, .n = mail.n};
    s->held_bytes += mail.n;
    if (got == MAILBOX_FAULT)
        slot_fault(s, m, mail.fault);
    else
        slot_send(s, m);
}

static bool may_read(const struct scan *s)
{
    size_t held = s->tail - s->head;
    return !s->end && held < WINDOW && s->flying + s->resting < s->width && (held == 0 || s->held_bytes < WINDOW_BYTES);
}

/* Send what has rested long enough, as far as the window is wide. Returns when the next will have, or INT64_MAX. */
static int64_t wake(struct scan *s, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = s->head; s->resting && i < s->tail; i++) {
        struct slot *m = &s->slot[i % WINDOW];
        if (m->state != SLOT_RESTING) continue;
        if (s->gone) {
            s->resting--;
            slot_refused(s, m, "unanswered", "the service went away");
        } else if (m->wake_us <= now_us && s->flying < s->width) {
            s->resting--;
            slot_send(s, m);
        } else if (m->wake_us > now_us && m->wake_us < next_us) {
            next_us = m->wake_us;
        }
    }
    return next_us;
}

/* Print what is done at the front. False when standard output takes no more. */
static bool print(struct scan *s)
{
    bool any = false;
    for (; s->head < s->tail && s->slot[s->head % WINDOW].state == SLOT_DONE; s->head++) {
        struct slot *m = &s->slot[s->head % WINDOW];
        if (!any) progress_hide(&s->progress);
        any = true;
        if (m->complaint) fflush(stdout);
        fwrite(m->text, 1, m->text_n, m->complaint ? stderr : stdout);
        free(m->text);
        m->text = NULL;
    }
    return !any || (fflush(stdout) == 0 && !ferror(stdout));
}

/* The bar: mails done, of as many as the bytes read so far let expect. */
static void show_progress(struct scan *s)
{
    uint64_t read_bytes = s->box.bytes_read, done = s->head;
    bool guess = s->listed_bytes >= read_bytes && read_bytes > 0 && done > 0;
    s->progress.total = s->end  ? s->tail
                        : guess ? (uint64_t)((double)s->tail * (double)s->listed_bytes / (double)read_bytes)
                                : 0;
    progress_at(&s->progress, done);
}

static bool run(struct scan *s)
{
    while (!s->end || s->head < s->tail) {
        while (may_read(s)) read_mail(s);
        int64_t now_us = clock_us(), next_us = wake(s, now_us);
        int64_t wait_ms = next_us == INT64_MAX ? 100 : (next_us - now_us) / 1000 + 1;
        if (wait_ms > 100) wait_ms = 100; /* the bar moves on */
        struct furui_answer a;
        if (s->flying == 0 && s->resting > 0) usleep((useconds_t)wait_ms * 1000);
        for (int timeout_ms = (int)wait_ms; s->flying && furui_client_poll(s->service.client, timeout_ms, &a) == 1;
             timeout_ms = 0)
            on_answer(s, &a);
        if (!print(s)) return false;
        show_progress(s);
    }
    return true;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

enum option_id {
    EXPLAIN = 256,
    JSON,
    ENDPOINT,
    DEADLINE,
    MAIL_MB,
    COUNT,
    TENANT,
    CLIENT_IP,
    HELO,
    MAIL_FROM,
    RCPT_TO,
    AUTH_USER,
    OUTBOUND,
    SPF,
    DKIM,
    DMARC,
    ARC,
    DKIM_DOMAIN
};

static const struct option LONG[] = {
    {"explain", no_argument, NULL, EXPLAIN},
    {"json", no_argument, NULL, JSON},
    {"endpoint", required_argument, NULL, ENDPOINT},
    {"deadline", required_argument, NULL, DEADLINE},
    {"mail-mb", required_argument, NULL, MAIL_MB},
    {"count", no_argument, NULL, COUNT},
    {"tenant", required_argument, NULL, TENANT},
    {"client-ip", required_argument, NULL, CLIENT_IP},
    {"helo", required_argument, NULL, HELO},
    {"mail-from", required_argument, NULL, MAIL_FROM},
    {"rcpt-to", required_argument, NULL, RCPT_TO},
    {"auth-user", required_argument, NULL, AUTH_USER},
    {"outbound", no_argument, NULL, OUTBOUND},
    {"spf", required_argument, NULL, SPF},
    {"dkim", required_argument, NULL, DKIM},
    {"dmarc", required_argument, NULL, DMARC},
    {"arc", required_argument, NULL, ARC},
    {"dkim-domain", required_argument, NULL, DKIM_DOMAIN},
    {0},
};

/* Read the options; CLI_OK, or a status after a complaint. */
static int read_options(struct scan *s, int argc, char **argv, struct furui_options *o, const char **endpoint_out)
{
    struct furui_request *r = &s->request;
    r->dry_run = true;
    r->rcpt_to = s->rcpt;
    long n;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case EXPLAIN: r->explain = s->style.explain = true; break;
        case JSON: s->style.json = true; break;
        case ENDPOINT: *endpoint_out = optarg; break;
        case DEADLINE:
            if (!cli_number("scan", "--deadline", optarg, 1, 3600000, &n)) return CLI_USAGE;
            o->deadline_ms = (int)n;
            break;
        case MAIL_MB:
            if (!cli_number("scan", "--mail-mb", optarg, 1, MAILBOX_MAIL_MAX >> 20, &n)) return CLI_USAGE;
            o->mail_max_bytes = (size_t)n << 20;
            break;
        case COUNT: r->dry_run = false; break;
        case TENANT: r->tenant = optarg; break;
        case CLIENT_IP: r->client_ip = optarg; break;
        case HELO: r->helo = optarg; break;
        case MAIL_FROM: r->mail_from = optarg; break;
        case RCPT_TO:
            if (r->rcpt_count == RCPT_MAX) return cli_fail(CLI_USAGE, "scan", "--rcpt-to: more than %d", RCPT_MAX);
            s->rcpt[r->rcpt_count++] = optarg;
            break;
        case AUTH_USER: r->auth_user = optarg; break;
        case OUTBOUND: r->outbound = true; break;
        case SPF: r->spf = optarg; break;
        case DKIM: r->dkim = optarg; break;
        case DMARC: r->dmarc = optarg; break;
        case ARC: r->arc = optarg; break;
        case DKIM_DOMAIN: r->dkim_domain = optarg; break;
        default: return cli_usage("scan");
        }
    }
    if (optind < argc) return CLI_OK;
    cli_fail(CLI_USAGE, "scan", "name a file, a directory, an mbox, or - for standard input");
    return cli_usage("scan");
}

static void list_files(struct scan *s, char **paths, int n)
{
    for (int i = 0; i < n; i++) listing_add(&s->files, paths[i]);
    int widest = 1;
    for (size_t i = 0; i < s->files.n; i++) {
        int width = report_name_width((struct report_name){s->files.v[i].path, 0});
        if (width > widest) widest = width;
        s->listed_bytes += s->files.v[i].bytes;
    }
    if (isatty(STDOUT_FILENO)) s->style.column = widest < COLUMN_MAX ? widest : COLUMN_MAX;
}

static int exit_status(const struct scan *s)
{
    return s->gone ? CLI_UNAVAILABLE : s->none ? NO_VERDICT : s->spam ? SPAM_FOUND : CLI_OK;
}

static int scan_run(int argc, char **argv)
{
    static struct scan s; /* too large for comfort on a stack */
    struct furui_options o = {.in_flight_max = WINDOW};
    const char *endpoint = NULL;
    int status = read_options(&s, argc, argv, &o, &endpoint);
    if (status != CLI_OK) return status;
    status = service_open(&s.service, "scan", endpoint, &o);
    if (status != CLI_OK) return status;

    list_files(&s, argv + optind, argc - optind);
    mailbox_open(&s.box, &s.files);
    progress_start(&s.progress, "scan", 0);
    s.width = WINDOW;
    srandom((unsigned)clock_us());
    bool printed = run(&s);
    progress_end(&s.progress);
    status = exit_status(&s);
    if (!printed)
        status = cli_fail(CLI_IO, "scan", "cannot write verdicts to standard output");
    else if (s.gone)
        cli_fail(status, "scan", "furuid at %s stopped answering after %zu mails", s.service.endpoint, s.head);
    else if (s.files.n == 0)
        cli_fail(status, "scan", "no mail there");
    mailbox_close(&s.box);
    listing_close(&s.files);
    service_close(&s.service);
    return status;
}

const struct verb verb_scan = {.name = "scan",
                               .summary = "ask the service about mails: files, directories, mboxes",
                               .help = HELP,
                               .run = scan_run};
