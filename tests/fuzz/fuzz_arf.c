/* SPDX-License-Identifier: Apache-2.0 */
/* Reports, as a worker reads them: no bytes crash it, as a feedback report or as the mail itself; what it makes of them
 * the learner can read. */
#include "worker/report.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena, back;
static struct config config;
static struct model *model;
static struct secret secret;

static void open_once(void)
{
    char fault[MODEL_FAULT_MAX];
    if (model) return;
    mail_init();
    config_init(&config);
    snprintf(config.traps, sizeof config.traps, "trap@example.net");
    if (arena_open(&arena, MAIL_ARENA_BYTES) != ERR_OK || arena_open(&back, 1 << 20) != ERR_OK ||
        model_open("models/starter/starter.bundle", &model, fault) != ERR_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct feedback r;
    char fault[FEEDBACK_FAULT_MAX];
    span packed;
    open_once();
    struct report_maker maker = {&config, model, &secret};
    struct mail_context c = {.own_received = 0};
    for (int says = WIRE_SAY_SPAM; says <= WIRE_SAY_ARF; says += WIRE_SAY_ARF) {
        struct wire_request q = {.kind = WIRE_REPORT, .says = (enum wire_say)says, .client_ip = SPAN("192.0.2.1")};
        arena_reset(&arena);
        arena_reset(&back);
        if (report_make(&maker, &q, &c, span_of(data, size), &arena, &packed)) continue;
        enum err e = feedback_unpack(packed, &back, &r, fault);
        assert(e == ERR_OK && r.says != WIRE_SAY_ARF);
    }
    return 0;
}
