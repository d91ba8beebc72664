/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_model.h"

#include <stdlib.h>
#include <string.h>

#define HG_DECISION_TIMEOUT_MS 1000

struct hg_policy_model *hg_policy_model_new(const char *file)
{
	struct hg_arena arena = {};
	struct hg_policy_model *m = hg_arena_get(&arena, sizeof(*m));

	m->file = hg_arena_text(&arena, file, strlen(file));
	m->mode = HG_MODE_monitor;
	m->default_action = HG_ACTION_allow;
	m->unread_action = HG_ACTION_allow;
	m->quic_action = HG_ACTION_allow;
	m->decision_timeout_ms = HG_DECISION_TIMEOUT_MS;
	m->arena = arena; /* the model lives in its own arena */
	return m;
}

void hg_policy_model_free(struct hg_policy_model *model)
{
	struct hg_arena arena;

	if (!model)
		return;
	arena = model->arena;
	hg_arena_free(&arena);
}

struct hg_set *hg_policy_model_set(const struct hg_policy_model *model, const char *name)
{
	for (struct hg_set *s = model->sets; s; s = s->next)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

void hg_name_list_add(struct hg_arena *a, struct hg_name_list *list, struct hg_name name)
{
	list->items = hg_arena_more(a, list->items, list->count, &list->room, sizeof(name));
	list->items[list->count++] = name;
}

void hg_net_list_add(struct hg_arena *a, struct hg_net_list *list, struct hg_net_key net)
{
	list->items = hg_arena_more(a, list->items, list->count, &list->room, sizeof(net));
	list->items[list->count++] = net;
}

void hg_name_list_reserve(struct hg_arena *a, struct hg_name_list *list, size_t more)
{
	size_t room = list->count + more;
	struct hg_name *larger;

	if (list->room >= room)
		return;
	if (room < 2 * list->room) /* many files do not mean many copies */
		room = 2 * list->room;
	larger = hg_arena_get(a, room * sizeof(*larger));
	if (list->count)
		memcpy(larger, list->items, list->count * sizeof(*larger));
	list->items = larger;
	list->room = room;
}
