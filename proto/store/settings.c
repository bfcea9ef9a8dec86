/* SPDX-License-Identifier: Apache-2.0 */
/* settings: see settings.h. */
#include "proto/store/settings.h"

void store_settings(const struct config *c, struct store_options *out)
{
    *out = (struct store_options){.where = c->redis,
                                  .user = c->redis_user,
                                  .password_file = c->redis_password,
                                  .sentinel_password_file = c->redis_sentinel_password,
                                  .tls = c->redis_tls,
                                  .tls_ca = c->redis_tls_ca,
                                  .tls_cert = c->redis_tls_cert,
                                  .tls_key = c->redis_tls_key,
                                  .tls_name = c->redis_tls_name};
}
