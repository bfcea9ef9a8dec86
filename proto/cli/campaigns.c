/* SPDX-License-Identifier: Apache-2.0 */
/* campaigns: texts that several mails share, those first that grow most; what content and people say of them.
 *
 * Reads the index that workers keep (proto/store/campaign.h) from the service's Redis, as `furui reputation` does, and
 * the records of the texts. Nothing is hidden: a newsletter grows, too. */
#define _GNU_SOURCE
#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/cli/campaign_rows.h"
#include "proto/cli/cli.h"
#include "proto/cli/stored.h"

#include <getopt.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char VERB[] = "campaigns";
static const char HELP[] =
    "usage: furui campaigns [OPTION…]\n"
    "\n"
    "Texts that several mails of the last hours have in common, the fastest growing first: mails of the last hours "
    "(an\n"
    "earlier one counts less), how many are usual, growth, networks they came from, the part that content called "
    "spam,\n"
    "reports of spam and of ham, when the first came, the text's fingerprint for `furui reputation show text`, and a\n"
    "Subject, where the tenant's policy says `campaign_subject = yes`. Letters to many grow, too: look at what content "
    "and\n"
    "people think of them. docs/reputation.md has the formula.\n"
    "\n"
    "  --top N           rows; default 20\n"
    "  --tenant T        the tenant's own mails, reports and Subjects instead of everybody's\n"
    "  --watch SECONDS   again and again\n"
    "  --json            one JSON array; with --watch one a line\n"
    "  --config FILE     the service's configuration; default: furuid's defaults\n"
    "  --state-dir D     where the service's state is, if not where the configuration says\n"
    "\n"
    "exit status: 0 done, if there are any or none; 64 wrong usage; 66 no such configuration; 69 Redis does not "
    "answer;\n"
    "74 it refused\n"
    "\n"
    "example: furui campaigns --top 5\n";

enum { TIME_BYTES = 24, RECORDS_MAX = 512 };

struct asked {
    const char *config_file, *state_dir, *tenant;
    bool json;
    long top, watch_s;
    struct config config;
    struct record_lives lives;
    uint32_t minute; /* now */
};

/* What was read; entries point into `bytes`. */
struct found {
    struct campaign entry[CAMPAIGN_KEPT];
    uint8_t bytes[CAMPAIGN_KEPT][CAMPAIGN_BYTES];
    uint8_t key[CAMPAIGN_KEPT][CAMPAIGN_KEY_BYTES];
    span keys[CAMPAIGN_KEPT];
    size_t n;
    struct campaign_row row[CAMPAIGN_KEPT];
    int64_t networks[CAMPAIGN_KEPT]; /* of a row */
    size_t rows;
};

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct taking {
    const struct asked *a;
    struct found *f;
    size_t n; /* entries that were good */
    struct {
        uint16_t row, band;
    } of[RECORDS_MAX]; /* each record that was asked for */
};

static void take_entry(void *to, size_t i, const struct store_value *v)
{
    struct taking *t = to;
    struct found *f = t->f;
    if (v->kind != STORE_TEXT || v->text.n > CAMPAIGN_BYTES) return; /* gone by now */
    memcpy(f->bytes[i], v->text.p, v->text.n);
    struct campaign *c = &f->entry[t->n];
    if (!campaign_read(span_of(f->bytes[i], v->text.n), c)) return;
    if (!campaign_band(span_from(f->keys[i], f->keys[i].n - CAMPAIGN_DIGITS), &c->band)) return;
    record_decay(&c->seen, t->a->minute, &t->a->lives);
    t->n++;
}

static int read_entries(const struct asked *a, struct store *s, span index, struct found *f)
{
    struct store_reply reply;
    char last[16];
    snprintf(last, sizeof last, "%d", CAMPAIGN_KEPT - 1);
    span words[] = {SPAN("ZREVRANGE"), index, SPAN("0"), span_cstr(last)};
    int status = stored_command(s, VERB, index, words, 4, &reply);
    if (status != CLI_OK) return status;
    f->n = 0;
    for (size_t i = 1; i < reply.n && f->n < CAMPAIGN_KEPT; i++) {
        uint64_t band;
        if (reply.v[i].kind != STORE_TEXT || !campaign_band(reply.v[i].text, &band)) continue;
        f->keys[f->n] = campaign_key(index, band, f->key[f->n]);
        f->n++;
    }
    struct taking t = {.a = a, .f = f};
    status = stored_each(s, VERB, "GET", f->keys, f->n, take_entry, &t);
    f->n = t.n;
    return status;
}

static void take_record(void *to, size_t i, const struct store_value *v)
{
    struct taking *t = to;
    struct record r;
    if (v->kind != STORE_TEXT || !record_read(v->text, &r)) return;
    record_decay(&r, t->a->minute, &t->a->lives);
    campaign_row_add(&t->f->row[t->of[i].row], t->of[i].band, &r);
}

/* What is counted and said of the texts of some rows as such, from `row` on. Moves it behind them. */
static int read_records(const struct asked *a, struct store *s, struct found *f, size_t *row)
{
    static uint8_t text[RECORDS_MAX][NAME_KEY_BYTES];
    span keys[RECORDS_MAX];
    struct taking t = {.a = a, .f = f};
    size_t n = 0;
    for (; *row < f->rows && n + CAMPAIGN_ROW_BANDS <= RECORDS_MAX; ++*row)
        for (size_t b = 0; b < f->row[*row].band_count; b++, n++) {
            uint8_t digits[CAMPAIGN_DIGITS];
            campaign_digits(f->row[*row].band[b], digits);
            span name = span_of(digits, sizeof digits);
            keys[n] = name_key(a->config.redis_prefix, span_cstr(a->tenant), NAME_TEXT, name, text[n]);
            t.of[n].row = (uint16_t)*row;
            t.of[n].band = (uint16_t)b;
        }
    return stored_each(s, VERB, "GET", keys, n, take_record, &t);
}

/* Different networks of all entries of a row: their keys are of one slot. */
static int read_networks(struct store *s, span index, const struct campaign_row *r, int64_t *out)
{
    uint8_t key[CAMPAIGN_ROW_BANDS][CAMPAIGN_KEY_BYTES];
    span words[1 + CAMPAIGN_ROW_BANDS] = {SPAN("PFCOUNT")};
    struct store_reply reply;
    size_t n = 1;
    for (size_t b = 0; b < r->band_count; b++) {
        if (!r->entry[b]) continue;
        words[n] = campaign_nets(index, r->band[b], key[n - 1]);
        n++;
    }
    int status = stored_command(s, VERB, index, words, n, &reply);
    if (status == CLI_OK) *out = reply.v[0].kind == STORE_INTEGER ? reply.v[0].integer : 0;
    return status;
}

static int look(struct asked *a, struct store *s, struct found *f)
{
    uint8_t text[CAMPAIGN_INDEX_BYTES];
    span index = campaign_index(a->config.redis_prefix, span_cstr(a->tenant), text);
    a->minute = record_minute(clock_wall_us());
    int status = read_entries(a, s, index, f);
    if (status != CLI_OK) return status;
    f->rows = campaign_rows(f->entry, f->n, f->row);
    for (size_t i = 0; i < f->rows && status == CLI_OK;) status = read_records(a, s, f, &i);
    for (size_t i = 0; i < f->rows; i++) campaign_row_finish(&f->row[i], &a->lives);
    campaign_rows_sort(f->row, f->rows);
    if (f->rows > (size_t)a->top) f->rows = (size_t)a->top;
    for (size_t i = 0; i < f->rows && status == CLI_OK; i++)
        status = read_networks(s, index, &f->row[i], &f->networks[i]);
    return status;
}

/* --- showing ------------------------------------------------------------------------------------------------------ */

static void time_of(uint32_t minute, char out[TIME_BYTES])
{
    time_t t = (time_t)RECORD_EPOCH + (time_t)minute * 60;
    strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%MZ", gmtime(&t));
}

/* Of the mails that the index has. */
static double share(const struct campaign_row *r, enum record_sum k)
{
    double mails = r->seen.sum[RECORD_FAST][SUM_VOLUME];
    return mails > 0 ? r->seen.sum[RECORD_FAST][k] / mails : 0;
}

static void print_table(const struct asked *a, const struct found *f)
{
    printf("%8s %8s %7s %8s %5s  %-11s %-17s  %-16s  %s\n", "mails", "usual", "growth", "networks", "spam", "said s/h",
           "first seen", "fingerprint", "subject");
    for (size_t i = 0; i < f->rows; i++) {
        const struct campaign_row *r = &f->row[i];
        uint8_t digits[CAMPAIGN_DIGITS];
        char first[TIME_BYTES], said[32];
        campaign_digits(r->band[0], digits);
        time_of(r->first, first);
        snprintf(said, sizeof said, "%.3g/%.3g", r->said_spam, r->said_ham);
        printf("%8.0f %8.1f %7.1f %8lld %4.0f%%  %-11s %-17s  %.*s  ", r->mails, r->usual, r->growth,
               (long long)f->networks[i], 100 * share(r, SUM_SPAM), said, first, CAMPAIGN_DIGITS, (const char *)digits);
        cli_print(stdout, r->subject.n ? r->subject : SPAN("-"));
        putchar('\n');
    }
    double hours = a->lives.minutes[RECORD_FAST] / 60;
    if (f->rows == 0) printf("no text that several mails of the last hours share\n");
    printf("\nmails: each counts half after %.0f hours; usual: so many, had they come as in the last weeks\n", hours);
}

static void print_json(const struct found *f)
{
    struct json j;
    json_init(&j);
    json_open_array(&j, NULL);
    for (size_t i = 0; i < f->rows; i++) {
        const struct campaign_row *r = &f->row[i];
        uint8_t digits[CAMPAIGN_DIGITS];
        char first[TIME_BYTES];
        time_of(r->first, first);
        campaign_digits(r->band[0], digits);
        json_open_object(&j, NULL);
        json_str(&j, "fingerprint", span_of(digits, sizeof digits));
        json_num(&j, "mails", r->mails, 1);
        json_num(&j, "usual", r->usual, 1);
        json_num(&j, "growth", r->growth, 2);
        json_int(&j, "networks", f->networks[i]);
        json_num(&j, "content_spam_share", share(r, SUM_SPAM), 3);
        json_num(&j, "content_ham_share", share(r, SUM_HAM), 3);
        json_num(&j, "said_spam", r->said_spam, 2);
        json_num(&j, "said_ham", r->said_ham, 2);
        json_str(&j, "first_seen", span_cstr(first));
        if (r->subject.n) json_str(&j, "subject", r->subject);
        json_open_array(&j, "bands");
        for (size_t b = 0; b < r->band_count; b++) {
            campaign_digits(r->band[b], digits);
            json_str(&j, NULL, span_of(digits, sizeof digits));
        }
        json_close_array(&j);
        json_close_object(&j);
    }
    json_close_array(&j);
    puts(j.buf);
    json_close(&j);
}

static void print(const struct asked *a, const struct found *f)
{
    if (a->watch_s && !a->json && isatty(STDOUT_FILENO)) fputs("\033[H\033[2J", stdout);
    if (a->json)
        print_json(f);
    else
        print_table(a, f);
    fflush(stdout);
}

static int show(struct asked *a)
{
    struct store *s;
    int status = stored_open(&a->config, VERB, &s);
    if (status != CLI_OK) return status;
    struct found *f = calloc(1, sizeof *f);
    if (!f) status = cli_fail(CLI_UNAVAILABLE, VERB, "%s", err_str(ERR_MEMORY));
    while (status == CLI_OK && (status = look(a, s, f)) == CLI_OK) {
        print(a, f);
        if (a->watch_s == 0) break;
        sleep((unsigned)a->watch_s);
    }
    store_close(s);
    free(f);
    return status;
}

/* --- what was asked ----------------------------------------------------------------------------------------------- */

static bool read_options(int argc, char **argv, struct asked *a)
{
    static const struct option LONG[] = {
        {"top", required_argument, NULL, 'n'},
        {"tenant", required_argument, NULL, 't'},
        {"watch", required_argument, NULL, 'w'},
        {"json", no_argument, NULL, 'j'},
        {"config", required_argument, NULL, 'c'},
        {"state-dir", required_argument, NULL, 'd'},
        {0},
    };
    int o;
    while ((o = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        switch (o) {
        case 'n':
            if (!cli_number(VERB, "--top", optarg, 1, CAMPAIGN_KEPT, &a->top)) return false;
            break;
        case 'w':
            if (!cli_number(VERB, "--watch", optarg, 1, 86400, &a->watch_s)) return false;
            break;
        case 't': a->tenant = optarg; break;
        case 'c': a->config_file = optarg; break;
        case 'd': a->state_dir = optarg; break;
        case 'j': a->json = true; break;
        default: cli_usage(VERB); return false;
        }
    }
    if (optind == argc) return true;
    cli_fail(CLI_USAGE, VERB, "nothing is expected behind the options, not '%s'", argv[optind]);
    return false;
}

static int run(int argc, char **argv)
{
    struct asked a = {.tenant = "", .top = 20};
    if (!read_options(argc, argv, &a)) return CLI_USAGE;
    config_init(&a.config);
    int status = stored_config(&a.config, VERB, a.config_file, a.state_dir, &a.lives);
    if (status == CLI_OK) status = show(&a);
    config_close(&a.config);
    return status;
}

const struct verb verb_campaigns = {
    .name = "campaigns",
    .summary = "texts that many mails share, the fastest growing first",
    .help = HELP,
    .run = run,
};
