// GET /v1/me with fastify and pg: the same statement, prepared, its JSON passed on as text.
import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'

const pool = new pg.Pool({
  host: process.env.PGHOST,
  user: process.env.PGUSER,
  password: process.env.PGPASSWORD,
  database: process.env.PGDATABASE,
  max: Number(process.env.BENCH_POOL),
})
const text = process.env.BENCH_STATEMENT
const app = Fastify()

app.get('/v1/me', async (request, reply) => {
  const token = request.headers.authorization.slice('Bearer '.length)
  const digest = createHash('sha256').update(token).digest()
  const { rows } = await pool.query({ name: 'me', text, values: [digest, 'bench'], rowMode: 'array' })
  reply.type('application/json; charset=utf-8')
  return reply.send(rows[0][1])
})

await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
