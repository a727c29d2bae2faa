#include "bodies.h"
#include "payments_render.h"
#include "resources.h"
#include <string.h>

static const char *status_name(enum token_status status) {
  static const char *const names[] = {
      [TOKEN_ACTIVE] = "active", [TOKEN_DELETED] = "deleted", [TOKEN_EXPIRED] = "expired"};
  return names[status];
}

static struct bin_facts facts_of(const struct api *api, const struct card_view *card) {
  return api->options.bins != NULL ? bin_table_find(api->options.bins, card->bin) : (struct bin_facts){0};
}

static void render_token(struct json_out *out, const struct call *call,
                         const struct token_description *token) {
  struct bin_facts facts = facts_of(call->api, &token->card);
  out_open(out, NULL);
  out_text(out, "id", call->object.text);
  out_text(out, "object", "token");
  out_flag(out, "livemode", call->from.livemode);
  out_time(out, "created_at", token->created_ms);
  out_text(out, "type", "card");
  out_text(out, "status", status_name(token->status));
  render_card(out, &token->card, &facts);
  out_open_list(out, "networks");
  out_text(out, NULL, network_name(token->card.network));
  out_close_list(out);
  out_close(out);
  out_null(out, "customer");
  out_open_list(out, "external_ids");
  out_close_list(out);
  out_open_list(out, "connector_references");
  out_close_list(out);
  out_time(out, "destroyed_at", token->destroy_ms);
  out_close(out);
}

static void described(struct call *call, struct vault_reply *reply) {
  struct token_description token;
  struct json_out out = {0};
  if (reply->fate != VAULT_REPLIED || reply->status != STATUS_DONE) {
    struct fault fault = fault_of_reply(call->api, reply);
    call_refuse(call, &fault);
    return;
  }
  if (read_token_description(&reply->body, &token) != 0) {
    call_refuse_vault(call);
    return;
  }
  render_token(&out, call, &token);
  call_answer(call, 200, &out);
}

/* A refused update is the merchant's date, not a token. */
static void updated(struct call *call, struct vault_reply *reply) {
  if (reply->fate == VAULT_REPLIED && reply->status == STATUS_INVALID) {
    struct fault fault = fault_at(422, "invalid_field", "The date is not acceptable.", "exp_year");
    call_refuse(call, &fault);
    return;
  }
  described(call, reply);
}

/* Whether the segment is a token; else answers. */
static bool takes_token(struct call *call, const char *segment) {
  if (id_parse("tok", segment, NULL) != 0) {
    call_not_found(call);
    return false;
  }
  strcpy(call->object.text, segment);
  return true;
}

static void ask(struct call *call, enum router_vault_type type) {
  struct token_question question = {.merchant = call->from.merchant, .token = call->object};
  uint8_t bytes[TOKEN_QUESTION_BYTES];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_token_question(&writer, &question);
  call_wait_vault(call, type, &writer, described);
}

void tokens_read(struct call *call, const char *segment) {
  if (takes_token(call, segment))
    ask(call, RV_DESCRIBE);
}

void tokens_delete(struct call *call, const char *segment) {
  if (takes_token(call, segment))
    ask(call, RV_DELETE_TOKEN);
}

void tokens_update(struct call *call, const char *segment) {
  struct token_update update;
  struct fault fault;
  uint8_t bytes[256];
  struct writer writer = writer_over(bytes, sizeof bytes);
  if (!takes_token(call, segment))
    return;
  if (parse_token_update(call->http->body, call->http->body_length, &update, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  update.merchant = call->from.merchant;
  update.token = call->object;
  write_token_update(&writer, &update);
  call_wait_vault(call, RV_UPDATE_TOKEN, &writer, updated);
}
