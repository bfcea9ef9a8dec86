/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_campaign: `furui bench campaign`: what fingerprints tell apart; see campaign.h. */
#include "bench/campaign.h"
#include "bench/commands.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "worker/mime/mail.h"
#include "worker/simd/scan.h"

#include <getopt.h>

static int campaign_run(int argc, char **argv);

const struct verb verb_bench_campaign = {
    .name = "campaign",
    .summary = "fingerprints: do copies of a campaign meet, and good mails not?",
    .help =
        "usage: furui bench campaign [--json] --index INDEX\n"
        "\n"
        "furui bench campaign makes the fingerprint of every mail of an index, and says which meet (share a band): "
        "good\n"
        "mails with any spam, and of these the ones that share under 15% of words with each of them; spam with an\n"
        "earlier one. Then it makes campaigns out of 200 of the spams, 20 copies each, with some words replaced by\n"
        "words of other mails and some put behind, and says how alike two copies are (J, the share of words\n"
        "that both have), and how many copies meet the one before, or one of the first three.\n"
        "\n"
        "exit status: 0 done; 64 wrong usage; 66 no such index or mail\n",
    .run = campaign_run,
};

static double part(size_t n, size_t of)
{
    return of ? 100.0 * (double)n / (double)of : 0;
}

static void show_text(const struct campaign *r)
{
    printf("mails        %zu, %.1f%% with a fingerprint\n", r->mails, part(r->printed, r->mails));
    printf("spam         %zu: %.2f%% meet an earlier spam\n", r->spam, part(r->spam_met, r->spam));
    printf("ham          %zu: %.2f%% meet a spam, %.2f%% one they have little in common with\n", r->ham,
           part(r->ham_met, r->ham), part(r->ham_far, r->ham));
    printf("campaigns    %zu of %d copies\n  replaced  added      J  meet the last  meet one of three\n", r->templates,
           CAMPAIGN_COPIES);
    for (int i = 0; i < CAMPAIGN_LEVELS; i++)
        printf("  %7u%% %5u%% %6.2f %13.1f%% %17.1f%%\n", CAMPAIGN_LEVEL[i].replaced, CAMPAIGN_LEVEL[i].added,
               r->level[i].j, 100 * r->level[i].one, 100 * r->level[i].three);
}

static void show_json(const struct campaign *r)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "mails", r->mails);
    json_uint(&j, "printed", r->printed);
    json_uint(&j, "spam", r->spam);
    json_uint(&j, "spam_met", r->spam_met);
    json_uint(&j, "ham", r->ham);
    json_uint(&j, "ham_met", r->ham_met);
    json_uint(&j, "ham_far", r->ham_far);
    json_uint(&j, "campaigns", r->templates);
    json_open_array(&j, "levels");
    for (int i = 0; i < CAMPAIGN_LEVELS; i++) {
        json_open_object(&j, NULL);
        json_uint(&j, "replaced", CAMPAIGN_LEVEL[i].replaced);
        json_uint(&j, "added", CAMPAIGN_LEVEL[i].added);
        json_num(&j, "j", r->level[i].j, 4);
        json_num(&j, "meet_last", r->level[i].one, 4);
        json_num(&j, "meet_three", r->level[i].three, 4);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int campaign_run(int argc, char **argv)
{
    static const struct option LONG[] = {
        {"index", required_argument, NULL, 'i'}, {"json", no_argument, NULL, 'j'}, {0}};
    static const char VERB[] = "bench campaign";
    const char *path = NULL;
    bool as_json = false;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (c == 'i')
            path = optarg;
        else if (c == 'j')
            as_json = true;
        else
            return cli_usage(VERB);
    }
    if (!path || optind < argc) return cli_usage(VERB);
    const char *simd_fault = scan_init();
    if (simd_fault) return cli_fail(CLI_USAGE, VERB, "%s", simd_fault);
    mail_init();
    struct mail_index x;
    struct campaign r;
    char fault[INDEX_FAULT_BYTES];
    if (index_open(path, &x, fault) != ERR_OK) return cli_fail(CLI_NO_INPUT, VERB, "%s", fault);
    enum err e = campaign_measure(&x, &r, fault);
    index_close(&x);
    mail_close();
    if (e != ERR_OK) return cli_fail(CLI_NO_INPUT, VERB, "%s", fault);
    (as_json ? show_json : show_text)(&r);
    return CLI_OK;
}
