// Uses a pinned header outside its place, and CAF below messages.
#pragma once
#include <caf/actor.hpp>
#include <sqlite3.h>
