/* SPDX-License-Identifier: Apache-2.0 */
/* lookalike: can one host name be taken for a domain that it is not of?
 *
 * Phishing lives on it: paypa1.example, rnicrosoft.example, paypal.com.evil.example, paypal-login.example. What a
 * reader sees is compared, not what is looked up. Sources: UTS #39 (skeletons), and what glyphs of screens look
 * like. */
#ifndef FURUI_TEXT_LOOKALIKE_H
#define FURUI_TEXT_LOOKALIKE_H

#include "proto/base/span.h"

enum {
    LOOKALIKE_DOMAIN_MAX = 128, /* bytes of a domain that something may pose as */
    LOOKALIKE_LABEL_MAX = 128,  /* folded bytes of a name that are compared */
    LOOKALIKE_NAME_MIN = 4,     /* letters: shorter names resemble too much */
    LOOKALIKE_EDIT_MIN = 6,     /* for one slip of the pen */
    LOOKALIKE_WORD_MIN = 5,     /* to be known within a longer name */
};

/* A domain that something may pose as, made ready for many comparisons. */
struct lookalike {
    uint8_t name[LOOKALIKE_LABEL_MAX]; /* first label, folded: characters that look alike are one */
    size_t name_n;
    span domain, label; /* as given; its first label */
    bool word;          /* letters alone, LOOKALIKE_WORD_MIN at least */
};

/* What may be posed as.
 *
 *   domain   registrable, as shown (UTF-8, lower case); lent as long as `of` is used
 *
 * False when it is too short, too long or no name (an address, a bare suffix). */
bool lookalike_init(struct lookalike *of, span domain);

/* Can `host` be taken for of->domain?
 *
 *   host     as shown, lower case, UTF-8
 *   domain   its registrable domain as shown, a tail of host
 *
 * True when it is another domain and
 *  - its name looks the same (skeletons; 0 and o, 1 and l and i, rn and m, vv and w; hyphens do not count), whatever
 *    the suffix;
 *  - or its name is one letter more, less, other or swapped, for names of LOOKALIKE_EDIT_MIN letters; digits do not
 *    count as other letters, since servers and years are numbered;
 *  - or its name has the other's in it between hyphens, and the suffix is another ("login-paypal.example");
 *  - or the whole domain stands before its own ("paypal.com.evil.example", "paypal-com.example").
 *
 * The same name with another suffix is none: most firms own several. Nor is a name as a label before another domain
 * ("example.zendesk.com"): that is how services name their customers. O(host.n). */
bool lookalike(const struct lookalike *of, span host, span domain);

#endif
