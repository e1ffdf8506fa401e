#include "storage/mysql_values.hpp"

#include <sstream>

#include <cppconn/datatype.h>
#include <cppconn/resultset_metadata.h>

#include "storage/mysql_sql.hpp"
#include "storage/sql_values.hpp"

namespace toadcache {

namespace {

bool is_integer(int type) {
  switch (type) {
  case sql::DataType::TINYINT:
  case sql::DataType::SMALLINT:
  case sql::DataType::MEDIUMINT:
  case sql::DataType::INTEGER:
  case sql::DataType::BIGINT:
  case sql::DataType::YEAR:
    return true;
  default:
    return false;
  }
}

bool is_bytes(int type) {
  switch (type) {
  case sql::DataType::CHAR:
  case sql::DataType::BINARY:
  case sql::DataType::VARCHAR:
  case sql::DataType::VARBINARY:
  case sql::DataType::LONGVARCHAR:
  case sql::DataType::LONGVARBINARY:
  case sql::DataType::ENUM:
  case sql::DataType::SET:
  case sql::DataType::JSON:
    return true;
  default:
    return false;
  }
}

bool takes_exactly(column_type wanted, int found, bool is_signed) {
  switch (wanted) {
  case column_type::int64:
    return is_integer(found) && (is_signed || found != sql::DataType::BIGINT);
  case column_type::uint64:
    return is_integer(found) && !is_signed;
  case column_type::float64:
    return found == sql::DataType::REAL || found == sql::DataType::DOUBLE;
  case column_type::decimal:
    return found == sql::DataType::DECIMAL || found == sql::DataType::NUMERIC;
  case column_type::date:
    return found == sql::DataType::DATE;
  case column_type::time:
    return found == sql::DataType::TIME;
  case column_type::datetime:
  case column_type::timestamp:
    return found == sql::DataType::TIMESTAMP;
  default:
    return is_bytes(found);
  }
}

value value_at(sql::ResultSet& rows, uint32_t i, column_type type) {
  if (rows.isNull(i))
    return {};
  switch (type) {
  case column_type::int64:
    return int64_t{rows.getInt64(i)};
  case column_type::uint64:
    return uint64_t{rows.getUInt64(i)};
  case column_type::float64:
    return static_cast<double>(rows.getDouble(i));
  case column_type::date: {
    // The driver writes no zeros before a year.
    auto text = rows.getString(i).asStdString();
    auto year = text.find('-');
    return year < 4 ? std::string(4 - year, '0') + text : text;
  }
  default:
    return rows.getString(i).asStdString();
  }
}

} // namespace

bound_streams
bind_parameters(sql::PreparedStatement& s,
                const std::vector<sql_statement::parameter>& parameters) {
  bound_streams streams;
  unsigned i = 0;
  for (auto& p : parameters) {
    ++i;
    auto& data = p.data.data();
    if (auto* n = std::get_if<int64_t>(&data)) {
      s.setInt64(i, *n);
    } else if (auto* u = std::get_if<uint64_t>(&data)) {
      s.setUInt64(i, *u);
    } else if (auto* d = std::get_if<double>(&data)) {
      s.setDouble(i, *d);
    } else if (auto* text = std::get_if<std::string>(&data)) {
      // An empty stream would bind NULL.
      if (p.type == column_type::binary && !text->empty()) {
        streams.push_back(std::make_unique<std::istringstream>(*text));
        s.setBlob(i, streams.back().get());
      } else {
        s.setString(i, *text);
      }
    } else {
      s.setNull(i, sql::DataType::SQLNULL);
    }
  }
  return streams;
}

result<void> check_columns(const entity_type& type, sql::ResultSet& rows) {
  auto* found = rows.getMetaData();
  for (size_t i = 0; i < type.columns.size(); ++i) {
    auto place = static_cast<unsigned>(i + 1);
    auto wanted = mysql_reads_as_text(type.columns[i]) ? column_type::text
                                                       : type.types[i];
    if (!takes_exactly(wanted, found->getColumnType(place),
                       found->isSigned(place)))
      return fail(errc::invalid,
                  place_of(type, i) + ": expected "
                      + std::string{to_string(type.types[i])} + ", got "
                      + found->getColumnTypeName(place).asStdString());
  }
  return {};
}

result<row> current_row(const entity_type& type, sql::ResultSet& rows) {
  std::vector<value> values;
  values.reserve(type.columns.size());
  for (size_t i = 0; i < type.columns.size(); ++i)
    values.push_back(
        value_at(rows, static_cast<uint32_t>(i + 1), type.types[i]));
  return checked_row(type, std::move(values));
}

} // namespace toadcache
